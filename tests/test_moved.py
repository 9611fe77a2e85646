"""Old names of modules, which pickled models and code of users hold."""
import importlib

import pytest

import mmpconv  # noqa: F401
from mmpconv.moved import MOVED


@pytest.mark.parametrize('old', MOVED)
def test_a_module_is_found_under_its_old_name_and_is_the_same(old):
    assert importlib.import_module(f'mmpconv.{old}') is importlib.import_module(f'mmpconv.{MOVED[old]}')
