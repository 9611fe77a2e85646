"""Losses reach the log as with MMEngine's hook, but are not waited for at each iteration."""
import json

import pytest
import torch
from mmagic.structures import DataSample
from mmengine.registry import DefaultScope
from torch.utils._python_dispatch import TorchDispatchMode
from toy_runs import toy_runner

from mmpconv.engine.hooks import RuntimeInfoHook
from mmpconv.engine.hooks import progress as runtime_info
from mmpconv.ops.holes import hide_holes
from mmpconv.registry import HOOKS, MODELS, OPTIM_WRAPPERS


class Calls(TorchDispatchMode):
    """Counts calls of operations."""

    def __init__(self, *operations):
        super().__init__()
        self.operations, self.count = operations, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func.overloadpacket in self.operations
        return func(*args, **(kwargs or {}))


def numbers_asked_for():
    """Counts what makes the host wait for a GPU."""
    return Calls(torch.ops.aten._local_scalar_dense, torch.ops.aten.nonzero, torch.ops.aten.is_nonzero)


def logged(work_dir):
    lines = next(work_dir.glob('*/vis_data/scalars.json')).read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if 'time' not in key} for line in lines]


def run(work_dir, **changes):
    """Losses of 7 iterations; the log reads at 3 and 6, the checkpoint at 3 and 6, the table at 2, 4 and 6."""
    hooks = dict(logger=dict(interval=3), **changes)
    runner = toy_runner(work_dir, [dict(type='LossCsvHook', interval=2)], 7, default_hooks=hooks)
    runner.train()
    return runner


def test_ours_is_that_of_every_run_of_our_scope():
    assert HOOKS.get('RuntimeInfoHook') is RuntimeInfoHook


def test_the_log_the_table_and_the_history_are_those_of_mmengine(tmp_path, monkeypatch):
    expected = run(tmp_path / 'a', runtime_info=dict(type='mmengine.RuntimeInfoHook'))
    monkeypatch.setattr(runtime_info, '_has_to_be_copied', lambda value: True)  # as if it were on a GPU
    waiting = []
    after = RuntimeInfoHook.after_train_iter

    def observed(self, *args, **kwargs):
        after(self, *args, **kwargs)
        waiting.append(len(self._waiting))

    monkeypatch.setattr(RuntimeInfoHook, 'after_train_iter', observed)
    runner = run(tmp_path / 'b')
    assert waiting == [1, 0, 0, 0, 1, 0, 0]  # the last iteration is read too
    for name, buffer in expected.message_hub.log_scalars.items():
        if name.startswith('train/') and 'time' not in name:
            assert runner.message_hub.log_scalars[name].data[0] == pytest.approx(buffer.data[0], rel=1e-6), name
    for line, before in zip(logged(tmp_path / 'b'), logged(tmp_path / 'a'), strict=True):
        assert line == pytest.approx(before, rel=1e-6)
    tables = [(tmp_path / name / 'losses.csv').read_text().splitlines() for name in 'ab']
    assert len(tables[0]) == len(tables[1]) == 4
    for name in ('iter_3.pth', 'iter_6.pth'):
        histories = [torch.load(tmp_path / folder / name, weights_only=True)['message_hub']['log_scalars']['train/loss']
                     for folder in 'ab']
        assert len(histories[0].data[0]) == len(histories[1].data[0]) == int(name[5])


@pytest.mark.parametrize('device, sums', [('cpu', 1), ('meta', 0)])
def test_features_are_only_looked_at_on_a_cpu(device, sums):
    with Calls(torch.ops.aten.sum) as asked:
        hide_holes(torch.ones(1, 2, 4, 4, device=device), torch.ones(1, 1, 4, 4, device=device))
    assert asked.count == sums


def test_a_training_step_never_waits_for_a_number(monkeypatch):
    monkeypatch.setattr('mmpconv.ops.holes._is_finite', lambda features: False)  # as anywhere but on a CPU
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpconv'):
        model = MODELS.build(dict(
            type='PConvInpaintor', data_preprocessor=dict(type='DataPreprocessor', mean=[127.5], std=[127.5]),
            encdec=dict(type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', num_layers=3, width=4),
                        decoder=dict(type='PConvDecoder', num_layers=3, width=4)),
            loss_l1_hole=dict(type='L1Loss', loss_weight=6.), loss_l1_valid=dict(type='MaskedL1Loss'),
            loss_tv=dict(type='MaskedTVLoss')))
        wrapper = OPTIM_WRAPPERS.build(dict(type='OptimWrapper', optimizer=torch.optim.Adam(
            model.parameters(), fused=True)))
        mask = torch.zeros(1, 32, 32)
        mask[:, 8:20, 9:30] = 1
        photos = [torch.randint(0, 256, (3, 32, 32)) for _ in range(2)]
        data = dict(inputs=photos, data_samples=[DataSample(gt_img=photo, mask=mask) for photo in photos])
        data = model.data_preprocessor(data, True)  # looks at sizes, which never leave the host
        with numbers_asked_for() as asked:
            loss, outputs = model.parse_losses(model(**data, mode='loss'))
            wrapper.update_params(loss)
        assert len(outputs) == 4 and asked.count == 0
        with numbers_asked_for() as asked:
            outputs['loss'].item()
        assert asked.count == 1
