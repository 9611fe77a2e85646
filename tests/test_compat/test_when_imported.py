"""What is done when another package's module has been imported, and that importing this package needs none."""
import subprocess
import sys

import pytest
from patience import PATIENCE

from mmpconv.compat import when_imported

PROMISES = """
import sys
{before}
import mmpconv
{after}
from mmengine.registry import HOOKS, MODELS
assert MODELS.get('PartialConv2d') is mmpconv.PartialConv2d
assert MODELS.get('PaddedModel') and HOOKS.get('ConvertPaddingHook')
assert MODELS.get('mmpconv.PartialConv3d') is mmpconv.PartialConv3d
import torch
from mmengine.logging.history_buffer import HistoryBuffer
assert HistoryBuffer in torch.serialization.get_safe_globals()
assert mmpconv.ops.partial_conv2d and mmpconv.layers and mmpconv.padding
waiting = set(finder.module.partition('.')[0] for finder in sys.meta_path if type(finder).__name__ == '_Watch')
assert waiting <= set(['mmagic', 'mmengine']), waiting
"""


def execute(code):
    result = subprocess.run([sys.executable, '-W', 'ignore', '-c', code], capture_output=True, text=True,
                            timeout=PATIENCE)
    assert result.returncode == 0, result.stderr


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Three modules to import; what is called by them, and by us."""
    monkeypatch.syspath_prepend(tmp_path)
    for name in ('early_module', 'late_module', 'broken_module'):
        (tmp_path / f'{name}.py').write_text('value = 1' if name != 'broken_module' else 'value = 1 / 0')
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, 'meta_path', [*sys.meta_path])


def test_it_is_done_at_once_if_the_module_is_there(modules):
    calls = []
    import early_module  # noqa: F401
    when_imported('early_module', lambda: calls.append(1))
    assert calls == [1]


def test_else_it_is_done_once_after_the_whole_module_has_run(modules):
    calls = []

    def action():
        calls.append(sys.modules['late_module'].value)

    for _ in range(2):
        when_imported('late_module', action)
    assert calls == []
    import late_module
    assert calls == [1] and late_module.__spec__.loader.get_source('late_module') == 'value = 1'
    import late_module
    assert calls == [1]


def test_two_that_wait_for_one_module_are_both_called(modules):
    calls = []
    when_imported('late_module', lambda: calls.append('a'))
    when_imported('late_module', lambda: calls.append('b'))
    import late_module  # noqa: F401
    assert sorted(calls) == ['a', 'b']


def test_a_module_that_fails_is_waited_for_again(modules, tmp_path):
    calls = []
    when_imported('broken_module', lambda: calls.append(1))
    with pytest.raises(ZeroDivisionError):
        import broken_module
    assert calls == []
    (tmp_path / 'broken_module.py').write_text('value = "it works now"')
    import broken_module  # noqa: F401
    assert calls == [1]


def test_importing_the_package_imports_neither_torch_nor_mmengine():
    execute('import sys, mmpconv; assert not {"torch", "mmengine", "numpy"} & set(sys.modules)')


@pytest.mark.slow
def test_torch_alone_reads_checkpoints_of_mmengine():
    execute('import mmpconv, torch; safe = torch.serialization.get_safe_globals(); '
            'assert any("HistoryBuffer" in str(kind) for kind in safe)')


@pytest.mark.slow
@pytest.mark.parametrize('before, after', [
    ('pass', 'import torch'), ('pass', 'import mmengine'), ('import mmengine.registry', 'pass')])
def test_what_mmengine_and_torch_have_to_know_they_know_whoever_is_imported_first(before, after):
    execute(PROMISES.format(before=before, after=after))
