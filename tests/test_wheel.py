"""What an installed package has: all that its code reads, and what ``mim`` and the command line look for."""
import email
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope='module')
def packages(tmp_path_factory):
    """The source package, and the wheel that is built of nothing else."""
    folder = tmp_path_factory.mktemp('wheel')
    for name in ('mmpconv', 'configs', 'tools', 'requirements'):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns('__pycache__', '.mim'))
    for name in ('setup.py', 'pyproject.toml', 'MANIFEST.in', 'README.md', 'CHANGELOG.md', 'CITATION.cff',
                 'model-index.yml', 'LICENSE'):
        shutil.copy(ROOT / name, folder)
    subprocess.run([sys.executable, 'setup.py', '--quiet', 'sdist'], cwd=folder, check=True, capture_output=True)
    source, = folder.glob('dist/*.tar.gz')
    subprocess.run([sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps', '--no-build-isolation',
                    '--wheel-dir', folder / 'dist', source], check=True)
    return sorted((folder / 'dist').iterdir())


@pytest.fixture(scope='module')
def wheel(packages):
    with zipfile.ZipFile(next(path for path in packages if path.suffix == '.whl')) as archive:
        yield archive


@pytest.fixture(scope='module')
def metadata(wheel):
    path, = (name for name in wheel.namelist() if name.endswith('.dist-info/METADATA'))
    return email.message_from_string(wheel.read(path).decode())


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


def test_a_package_index_would_take_it(packages):
    pytest.importorskip('twine')
    done = subprocess.run([sys.executable, '-m', 'twine', 'check', '--strict', *packages], capture_output=True,
                          text=True)
    assert done.returncode == 0 and done.stdout.count('PASSED') == 2, done.stdout + done.stderr


def test_links_of_the_long_description_are_absolute_and_lead_to_files(metadata):
    text = metadata.get_payload()
    links = re.findall(r'\]\(([^)]+)\)', text)
    assert '![' in text and len(links) > 20
    for link in links:
        address, _, path = link.partition('/main/')
        assert link.startswith('https://') and (not path or (ROOT / path).exists()), link
        assert not path or address.endswith('/raw' if path.endswith('.jpg') else '/blob')


def test_what_the_package_says_of_itself(metadata):
    classifiers = metadata.get_all('Classifier')
    pythons = [line.rpartition(' ')[2] for line in classifiers if ' :: Python :: 3.' in line]
    supported = SpecifierSet(metadata['Requires-Python'])
    assert pythons == [f'3.{minor}' for minor in range(8, 20) if supported.contains(f'3.{minor}')]
    assert {line.partition(',')[0] for line in metadata.get_all('Project-URL')} == {
        'Documentation', 'Changelog', 'Issues', 'Source'}


def test_all_is_what_the_other_extras_for_users_are(metadata):
    extras = {}
    for line in metadata.get_all('Requires-Dist'):
        requirement = Requirement(line)
        if requirement.marker:
            extra = re.search(r'extra == "(.+)"', str(requirement.marker))[1]
            extras.setdefault(extra, set()).add(line.partition(';')[0])
    everything = extras.pop('all')
    for development in ('docs', 'test'):
        extras.pop(development, None)
    assert everything == set().union(*extras.values()) and {'inpainting', 'web', 'export'} <= set(extras)
