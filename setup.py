"""Package definition. The wheel ships ``configs`` and ``tools`` as ``mmpconv/.mim``, as MM* packages do."""
import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


def requirements(name: str) -> list:
    """The lines of ``requirements/NAME.txt`` that are requirements."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line for line in map(str.strip, lines) if line and not line.startswith(('#', '-'))]


class BuildWithMim(build_py):
    """Copies what ``mim`` looks for into the package that is built."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        mim = Path(self.build_lib) / 'mmpconv' / '.mim'
        for folder in ('configs', 'tools'):
            shutil.copytree(ROOT / folder, mim / folder, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns('__pycache__'))
        shutil.copy(ROOT / 'model-index.yml', mim)


setup(
    name='mmpconv',
    version=re.search(r"'(.+)'", (ROOT / 'mmpconv/version.py').read_text()).group(1),
    description='Partial convolutions for inpainting and padding, as an OpenMMLab plugin',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['mmpconv', 'mmpconv.*']),
    package_data={'mmpconv.web': ['*.css', '*.js'], 'mmpconv.checkpoints': ['weights/*']},
    python_requires='>=3.11,<3.14',
    install_requires=requirements('core'),
    extras_require={
        'inpainting': requirements('inpainting'),
        'compare': requirements('compare'),
        'demo': requirements('demo'),
        'evaluate': requirements('evaluate'),
        'export': requirements('export'),
        'test': requirements('test'),
        'web': requirements('web'),
    },
    entry_points={'console_scripts': ['mmpconv = mmpconv.cli:main']},
    cmdclass={'build_py': BuildWithMim},
)
