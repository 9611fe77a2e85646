"""The stand-in for mmcv's compiled operations."""
import importlib.util
import sys

import pytest
import torch

import mmpconv  # noqa: F401  (puts it in force)
from mmpconv.compat import mmcv_ext

HAS_FULL_MMCV = not isinstance(importlib.util.find_spec('mmcv._ext').loader, mmcv_ext._Finder)


@pytest.mark.skipif(HAS_FULL_MMCV, reason='the full mmcv is installed, nothing is missing')
def test_a_missing_operation_names_itself_and_the_remedy_when_it_is_called():
    from mmcv.ops import nms

    with pytest.raises(mmcv_ext.MissingOpError, match="'nms' of mmcv was called.*mmcv==2.1.0"):
        nms(torch.rand(2, 4), torch.rand(2), 0.5)


@pytest.mark.skipif(HAS_FULL_MMCV, reason='the full mmcv is installed, nothing is missing')
def test_the_module_can_be_probed_for():
    assert importlib.util.find_spec('mmcv._ext').name == 'mmcv._ext'
    module = importlib.import_module('mmcv._ext')
    assert module.__spec__.loader is not None
    assert not hasattr(module, '__path__')


def test_other_modules_are_not_provided():
    assert mmcv_ext._Finder().find_spec('mmcv._extra') is None
    assert importlib.util.find_spec('mmcv._no_such_module') is None


def test_a_real_extension_is_never_shadowed(tmp_path, monkeypatch):
    """In a package of that name with a real ``_ext``, the real one is found."""
    package = tmp_path / 'mmcv'
    package.mkdir()
    (package / '__init__.py').touch()
    (package / '_ext.py').write_text('real = True')
    for name in [name for name in sys.modules if name.partition('.')[0] == 'mmcv']:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    assert importlib.import_module('mmcv._ext').real


def test_installing_twice_adds_one_finder():
    mmcv_ext.install()
    mmcv_ext.install()
    assert sum(isinstance(finder, mmcv_ext._Finder) for finder in sys.meta_path) == 1
