"""Package definition. The wheel ships ``configs`` and ``tools`` as ``mmpconv/.mim``, as MM* packages do."""
import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
REPOSITORY = 'https://github.com/mmpconv/mmpconv'
FOR_USERS = ('compare', 'demo', 'evaluate', 'export', 'inpainting', 'web')
FOR_DEVELOPERS = ('docs', 'test')


def requirements(name: str) -> list:
    """The lines of ``requirements/NAME.txt`` that are requirements."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line for line in map(str.strip, lines) if line and not line.startswith(('#', '-'))]


def long_description() -> str:
    """The README for a package index: links and pictures of the repository by their addresses."""
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    text = re.sub(r'!\[([^\]]*)\]\((?!\w+:)([^)]+)\)', rf'![\1]({REPOSITORY}/raw/main/\2)', text)
    return re.sub(r'(?<=\]\()(?!\w+:|#)(?=[^)])', f'{REPOSITORY}/blob/main/', text)


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
    long_description=long_description(),
    long_description_content_type='text/markdown',
    author='The mmpconv contributors',
    url=REPOSITORY,
    project_urls={
        'Documentation': f'{REPOSITORY}/blob/main/docs/index.md',
        'Changelog': f'{REPOSITORY}/blob/main/CHANGELOG.md',
        'Issues': f'{REPOSITORY}/issues',
        'Source': REPOSITORY,
    },
    license='Apache-2.0',
    license_files=['LICENSE'],
    keywords='inpainting, partial convolution, padding, OpenMMLab, PyTorch',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Environment :: Console',
        'Environment :: GPU :: NVIDIA CUDA',
        'Environment :: Web Environment',
        'Intended Audience :: Developers',
        'Intended Audience :: Science/Research',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Multimedia :: Graphics :: Editors :: Raster-Based',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
        'Topic :: Scientific/Engineering :: Image Processing',
    ],
    packages=find_packages(include=['mmpconv', 'mmpconv.*']),
    package_data={'mmpconv.benchmark': ['*.html'], 'mmpconv.checkpoints': ['weights/*'],
                  'mmpconv.web': ['static/*']},
    python_requires='>=3.11,<3.14',
    install_requires=requirements('core'),
    extras_require={
        **{name: requirements(name) for name in FOR_USERS + FOR_DEVELOPERS},
        'all': sorted({line for name in FOR_USERS for line in requirements(name)}),
    },
    entry_points={'console_scripts': ['mmpconv = mmpconv.cli:main']},
    cmdclass={'build_py': BuildWithMim},
)
