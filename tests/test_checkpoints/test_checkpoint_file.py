"""Files of other libraries, converted by the tool."""
import pickle
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import load_checkpoint
from torchvision.models import resnet18

from mmpconv.checkpoints.padding_keys import to_mmpretrain
from mmpconv.cli import main

TOOL = Path(__file__).parents[2] / 'tools/model_converters/convert_keys.py'


@pytest.fixture
def weights():
    """A number for each weight of a ResNet: only names matter to the converter."""
    with torch.device('meta'):
        names = resnet18().state_dict()
    return OrderedDict((name, torch.rand(3)) for name in names)


@pytest.fixture
def nvidia(weights, tmp_path):
    """A checkpoint as NVIDIA's main.py writes it."""
    torch.save(dict(
        epoch=100, arch='pdresnet18', best_prec1=torch.tensor(70.), optimizer=dict(state={}, param_groups=[]),
        state_dict=OrderedDict((f'module.{name}', value) for name, value in weights.items())),
        tmp_path / 'model_best.pth.tar')
    return tmp_path / 'model_best.pth.tar'


def load(path):
    return torch.load(path, weights_only=True)


def equal(given, expected):
    return list(given) == list(expected) and all(torch.equal(given[key], expected[key]) for key in expected)


def test_the_tool_brings_a_file_of_nvidias_to_mmpretrain_and_back(nvidia, weights, tmp_path):
    for source, target, to in ((nvidia.name, 'ours.pth', 'mmpretrain'), ('ours.pth', 'back.pth', 'torchvision')):
        output = subprocess.run([sys.executable, str(TOOL), source, target, '--to', to], cwd=tmp_path, text=True,
                                capture_output=True, check=True).stdout
        assert output == f'122 weights with the names of {to} written to {target}\n'
    assert equal(load(tmp_path / 'ours.pth')['state_dict'], to_mmpretrain(weights))
    assert equal(load(tmp_path / 'back.pth'), weights)


def test_a_checkpoint_of_a_run_of_mmengine_is_read(weights, tmp_path):
    hub = dict(log_scalars={'train/loss': HistoryBuffer([1.], [1])}, runtime_info={}, resumed_keys={})
    torch.save(dict(meta=dict(epoch=1, seed=0), state_dict=to_mmpretrain(weights), message_hub=hub, optimizer={}),
               tmp_path / 'epoch_1.pth')
    main(['convert-keys', str(tmp_path / 'epoch_1.pth'), str(tmp_path / 'plain.pth'), '--to', 'torchvision'])
    assert equal(load(tmp_path / 'plain.pth'), weights)


def test_what_is_written_loads_where_it_is_meant_to(tmp_path):
    model = resnet18()
    torch.save(model.state_dict(), tmp_path / 'theirs.pth')
    main(['convert-keys', str(tmp_path / 'theirs.pth'), str(tmp_path / 'ours.pth'), '--to', 'mmpretrain'])
    ours = torch.nn.ModuleDict(dict(backbone=resnet18(), head=torch.nn.ModuleDict(dict(fc=torch.nn.Linear(512, 1000)))))
    del ours.backbone.fc
    load_checkpoint(ours, str(tmp_path / 'ours.pth'), strict=True)
    assert torch.equal(ours.head.fc.weight, model.fc.weight)
    main(['convert-keys', str(tmp_path / 'ours.pth'), str(tmp_path / 'back.pth'), '--to', 'torchvision'])
    resnet18().load_state_dict(load(tmp_path / 'back.pth'))


def refusal(*args):
    with pytest.raises(SystemExit) as stop:
        main(['convert-keys', *map(str, args)])
    assert stop.value.code.startswith('error: ')
    return stop.value.code


def test_a_file_that_is_there_is_replaced_only_by_force(nvidia, tmp_path):
    target = tmp_path / 'ours.pth'
    target.write_text('mine')
    assert 'is there already; give another name, or --force' in refusal(nvidia, target, '--to', 'mmpretrain')
    assert target.read_text() == 'mine'
    main(['convert-keys', str(nvidia), str(target), '--to', 'mmpretrain', '--force'])
    assert 'state_dict' in load(target)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(nvidia, tmp_path, monkeypatch):
    def cut_short(path, content):
        write(path, content[:len(content) // 2])
        raise OSError(28, 'no space left on device')

    write = Path.write_bytes

    target = tmp_path / 'ours.pth'
    target.write_text('mine')
    monkeypatch.setattr(Path, 'write_bytes', cut_short)
    assert 'cannot be written (no space left on device)' in refusal(nvidia, target, '--to', 'mmpretrain', '--force')
    assert target.read_text() == 'mine'
    assert {path.name for path in tmp_path.iterdir()} == {'ours.pth', 'model_best.pth.tar'}


class Hostile:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize('save', [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value, 2))])
def test_a_hostile_file_is_refused_and_nothing_in_it_runs(save, tmp_path):
    save(dict(state_dict=Hostile(tmp_path / 'executed')), tmp_path / 'hostile.pth')
    message = refusal(tmp_path / 'hostile.pth', tmp_path / 'ours.pth', '--to', 'mmpretrain')
    assert 'nothing in it was executed' in message or 'none that torch has written' in message
    assert not (tmp_path / 'executed').exists() and not (tmp_path / 'ours.pth').exists()


@pytest.mark.parametrize('content, message', [
    (torch.rand(3), 'holds something of type Tensor, not a checkpoint'),
    (dict(state_dict=[1]), 'something of type list where its weights should be'),
    (dict(model={}, epoch=3), 'given are none at all, accepted the weights of resnet18'),
    (dict(fc=torch.ones(2), epoch=3), 'epoch is something of type int, not a tensor'),
])
def test_other_files_are_refused_with_what_they_hold(content, message, tmp_path):
    torch.save(content, tmp_path / 'other.pth')
    text = refusal(tmp_path / 'other.pth', tmp_path / 'ours.pth', '--to', 'mmpretrain')
    assert message in text and str(tmp_path / 'other.pth') in text
    assert not (tmp_path / 'ours.pth').exists()


@pytest.mark.parametrize('source, target, message', [
    ('absent.pth', 'ours.pth', 'there is no checkpoint file'),
    ('model_best.pth.tar', 'absent/ours.pth', 'in a folder that exists'),
    ('model_best.pth.tar', '.', 'is there already'),
])
def test_paths_that_cannot_be(source, target, message, nvidia, tmp_path):
    assert message in refusal(tmp_path / source, tmp_path / target, '--to', 'mmpretrain')
    assert {path.name for path in tmp_path.iterdir()} == {'model_best.pth.tar'}
