"""What an installed package has: all that its code reads, and what ``mim`` and the command line look for."""
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp('wheel')
    for name in ('mmpconv', 'configs', 'tools', 'requirements'):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns('__pycache__', '.mim'))
    for name in ('setup.py', 'pyproject.toml', 'README.md', 'model-index.yml', 'LICENSE'):
        shutil.copy(ROOT / name, folder)
    subprocess.run([sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps', '--no-build-isolation',
                    '--wheel-dir', folder, folder], check=True)
    with zipfile.ZipFile(*folder.glob('*.whl')) as archive:
        yield archive


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    wanted = {str(path.relative_to(ROOT)) for path in (ROOT / 'mmpconv').rglob('*')
              if path.is_file() and path.suffix != '.pyc' and '.mim' not in path.parts}
    assert wanted <= set(wheel.namelist())


def test_configs_and_tools_are_where_mim_looks_for_them(wheel):
    for name in ('configs/partial_conv/metafile.yml', 'configs/partial_conv/pconv_stage2_4xb2_places-256x256.py',
                 'tools/train.py', 'tools/dist_train.sh', 'model-index.yml'):
        assert f'mmpconv/.mim/{name}' in wheel.namelist()


def test_the_command_line_is_installed(wheel):
    entry_points, = (name for name in wheel.namelist() if name.endswith('entry_points.txt'))
    assert 'mmpconv = mmpconv.cli:main' in wheel.read(entry_points).decode()
