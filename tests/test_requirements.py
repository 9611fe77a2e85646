"""That the lock file, the abstract requirements, and what is said of Pythons agree."""
import dataclasses
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from mmpconv.installation.facts import Facts
from mmpconv.installation.rules import python as doctors_python

ROOT = Path(__file__).parent.parent
PIN = re.compile(r'^(?P<pin>[\w.-]+==[^\s;]+(?: ; [^\\\n]+)?) *\\?\n'
                 r'(?P<hashes>(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)*)', re.M)


def pins():
    """Requirement and number of hashes of each version in the lock file."""
    return [(Requirement(found['pin']), found['hashes'].count('sha256'))
            for found in PIN.finditer((ROOT / 'requirements/lock.txt').read_text())]


def abstract_requirements():
    for path in sorted((ROOT / 'requirements').glob('*.txt')):
        if path.stem != 'lock':
            for line in path.read_text().splitlines():
                if line and not line.startswith('#'):
                    yield pytest.param(Requirement(line), id=f'{path.stem}-{line}')


def test_every_version_of_the_lock_file_has_hashes():
    text = (ROOT / 'requirements/lock.txt').read_text()
    assert len(pins()) == text.count('==') - text.count(" == '") > 100
    assert [str(pin) for pin, hashes in pins() if not hashes] == []
    assert '--require-hashes' in (ROOT / 'Makefile').read_text()


@pytest.mark.parametrize('requirement', list(abstract_requirements()))
def test_the_lock_file_meets(requirement):
    versions = [str(pin.specifier)[2:] for pin, _ in pins()
                if canonicalize_name(pin.name) == canonicalize_name(requirement.name)]
    assert versions and all(requirement.specifier.contains(version, prereleases=True) for version in versions)


def test_no_requirement_admits_a_torch_that_runs_code_of_checkpoints():
    """CVE-2025-32434: before 2.6."""
    torches = [param.values[0] for param in abstract_requirements() if param.values[0].name == 'torch']
    assert torches and not any(torch.specifier.contains('2.5.1') for torch in torches)


@pytest.mark.parametrize('minor', range(8, 17))
def test_the_supported_pythons_are_the_same_everywhere(minor):
    python_requires = re.search(r"python_requires='(.+)'", (ROOT / 'setup.py').read_text())[1]
    supported = SpecifierSet(python_requires).contains(f'3.{minor}')
    assert (doctors_python(dataclasses.replace(Facts(), python=(3, minor))) is None) == supported
    first, last = re.search(r'\(3, (\d+)\) <= sys.version_info\[:2\] <= \(3, (\d+)\)',
                            (ROOT / 'requirements/check_python.py').read_text()).groups()
    assert (int(first) <= minor <= int(last)) == supported
    assert f'--python-version 3.{first} ' in (ROOT / 'Makefile').read_text()
    assert f"python_full_version < '3.{int(last) + 1}'" in (ROOT / 'pyproject.toml').read_text()
