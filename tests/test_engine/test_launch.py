"""The tools' two programs, in this process and on a toy; tests/test_tools runs the real thing."""
import itertools
import json
import os
import pickle
import socket
import sys
import weakref
from pathlib import Path

import pytest
import torch
from torch.nn.parallel import DistributedDataParallel

from mmpconv.checkpoints.loading import load_from_local
from mmpconv.cli.main import main

HERE = Path(__file__).parent
CONFIG = str(HERE / 'toy_config.py')
NUMBER = itertools.count()


@pytest.fixture(autouse=True)
def in_tmp(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv('LOCAL_RANK', '0')
    monkeypatch.setattr('mmpconv.engine.machine.get_device', lambda: 'cpu')
    return tmp_path


def call(program, *args, options=()):
    # MMEngine keeps loggers and histories by the experiment's name for as long as the process lives.
    main([program, CONFIG, *args, '--cfg-options', f'experiment_name=launch_{next(NUMBER)}', *options])


def losses(work_dir):
    lines = (line for file in Path(work_dir).glob('*/vis_data/scalars.json') for line in file.open())
    return {entry['iter']: entry['loss'] for entry in map(json.loads, lines) if 'loss' in entry}


def test_training_leaves_its_checkpoints_in_the_default_work_dir(in_tmp):
    call('train')
    assert {'iter_3.pth', 'iter_6.pth'} <= {path.name for path in (in_tmp / 'work_dirs/toy_config').iterdir()}


@pytest.mark.parametrize('suffix, read', [
    ('json', lambda path: json.loads(path.read_text())),
    ('pkl', lambda path: pickle.loads(path.read_bytes())),
])
def test_testing_writes_the_metrics_with_all_their_digits(in_tmp, suffix, read):
    call('train', '--work-dir', 'run')
    call('test', 'run/iter_6.pth', '--out', f'new/metrics.{suffix}')
    metrics = read(in_tmp / f'new/metrics.{suffix}')
    logged = json.loads(next((in_tmp / 'work_dirs').glob('*/*/*.json')).read_text())
    assert metrics['mean_error'] == logged['mean_error']
    assert metrics['samples'] == 5


@pytest.mark.parametrize('extra', [[], ['train_cfg.type=mmpconv.engine.IterBasedTrainLoop']],
                         ids=['of MMEngine', 'ours'])
def test_a_run_without_a_seed_resumes_with_the_seed_it_drew(in_tmp, extra):
    call('train', '--work-dir', 'whole', options=extra)
    call('train', '--work-dir', 'rest', '--resume', 'whole/iter_3.pth', options=extra)
    whole = losses('whole')
    assert losses('rest') == {number: whole[number] for number in (4, 5, 6)}


def test_resuming_reads_none_of_the_data_that_was_used(in_tmp, monkeypatch):
    options = ['train_cfg.type=mmpconv.engine.IterBasedTrainLoop', 'val_cfg=None', 'val_dataloader=None',
               'val_evaluator=None']
    call('train', '--work-dir', 'run', options=options)
    dataset, read = sys.modules['toy_project'].NoisyRamps, []
    load = dataset.__getitem__
    monkeypatch.setattr(dataset, '__getitem__', lambda self, index: read.append(index) or load(self, index))
    call('train', '--resume', 'run/iter_3.pth', options=options)
    assert len(read) == 3 * 2


def test_runs_without_a_seed_differ(in_tmp):
    call('train', '--work-dir', 'a')
    call('train', '--work-dir', 'b')
    assert losses('a') != losses('b')


def test_auto_scale_lr_multiplies_the_learning_rate_by_the_ratio_of_batch_sizes(in_tmp):
    call('train', '--work-dir', 'run', '--auto-scale-lr', options=['auto_scale_lr.base_batch_size=8'])
    assert load_from_local('run/iter_6.pth')['optimizer']['param_groups'][0]['lr'] == 0.01 * 2 / 8


def test_amp_trains_on_a_cpu_with_accumulation_and_clipping(in_tmp, monkeypatch):
    monkeypatch.setattr('mmpconv.engine.machine.get_device', lambda: 'cpu')
    monkeypatch.setattr('mmengine.runner.amp.get_device', lambda: 'cpu')
    monkeypatch.setattr('mmengine.runner.runner.get_device', lambda: 'cpu')
    seen = []
    forward = torch.nn.Conv2d.forward
    monkeypatch.setattr(torch.nn.Conv2d, 'forward', lambda self, x: seen.append(forward(self, x)) or seen[-1])
    call('train', '--work-dir', 'run', '--amp', options=[
        'optim_wrapper.accumulative_counts=2', 'optim_wrapper.clip_grad.max_norm=1.0',
        'model.norm_cfg.type=SyncBN', 'val_cfg=None', 'val_dataloader=None', 'val_evaluator=None'])
    assert {activation.dtype for activation in seen} == {torch.bfloat16}
    weight = load_from_local('run/iter_6.pth')['state_dict']['net.0.weight']
    assert weight.dtype == torch.float32
    assert weight.isfinite().all()


def test_a_distributed_run_ends_its_process_group_after_the_model_that_holds_it(in_tmp, monkeypatch):
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    for name, value in dict(RANK=0, WORLD_SIZE=1, MASTER_ADDR='127.0.0.1', MASTER_PORT=port).items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr('mmengine.runner.runner.get_device', lambda: 'cpu')
    made, alive, held_at_the_end = [], weakref.WeakSet(), []
    init, destroy = DistributedDataParallel.__init__, torch.distributed.destroy_process_group
    monkeypatch.setattr(DistributedDataParallel, '__init__',
                        lambda self, *args, **kwargs: init(self, *args, **kwargs) or made.append(alive.add(self)))
    monkeypatch.setattr(torch.distributed, 'destroy_process_group',
                        lambda: held_at_the_end.append(len(alive)) or destroy())
    for program, args in (('train', []), ('test', ['work_dirs/toy_config/iter_6.pth'])):
        call(program, *args, '--launcher', 'pytorch')
        assert not torch.distributed.is_initialized()
    assert len(made) == 2
    assert held_at_the_end == [0, 0]


def test_a_checkpoint_of_another_model_is_refused(in_tmp):
    torch.save(torch.nn.Linear(1, 1).state_dict(), 'other.pth')
    with pytest.raises(SystemExit, match='error: other.pth does not fit the model of this config: 8 of 8 weights '
                       'are missing, as net.0.weight, .*; the model has no place for 2 weights, as weight'):
        call('test', 'other.pth')


def weights():
    from toy_project import ToyRegressor

    return ToyRegressor().state_dict()


@pytest.mark.parametrize('change, message', [
    (lambda state: state.update({'net.0.weight': torch.ones(8, 1, 3, 3)}),
     r'1 of 8 weights have another shape, as net.0.weight: \(8, 1, 3, 3\) in the file, \(4, 1, 3, 3\) in the model'),
    (lambda state: state.pop('net.3.bias'), '1 of 8 weights are missing, as net.3.bias'),
    (lambda state: state.update(more=torch.ones(1)), 'has no place for 1 weights, as more'),
    (lambda state: state['net.0.weight'].fill_(torch.nan), 'net.0.weight has values that are not finite'),
])
def test_a_test_is_of_all_weights(in_tmp, change, message):
    state = weights()
    change(state)
    torch.save(dict(state_dict=state), 'changed.pth')
    with pytest.raises(SystemExit, match=f'^error: changed.pth .*{message}') as error:
        call('test', 'changed.pth')
    assert '\n' not in str(error.value)


def log_of(folder) -> str:
    return '\n'.join(path.read_text() for path in folder.rglob('*.log'))


def test_training_says_how_many_weights_it_took_and_refuses_none(in_tmp):
    state = weights()
    torch.save(dict(state_dict={**state, 'net.3.weight': torch.ones(5, 4, 1, 1)}), 'start.pth')
    call('train', '--cfg-options', 'load_from=start.pth')
    told = [line for line in log_of(in_tmp).splitlines() if 'weights were taken from' in line]
    assert len(told) == 1
    assert ('7 of 8 weights were taken from start.pth; the others keep their initial values: 1 of 8 weights have '
            'another shape, as net.3.weight') in told[0]

    torch.save(dict(state_dict=torch.nn.Linear(1, 1).state_dict()), 'other.pth')
    with pytest.raises(SystemExit, match='^error: no weight of other.pth fits the model of this config: 8 of 8'):
        call('train', '--cfg-options', 'load_from=other.pth')
    with pytest.raises(SystemExit, match='^error: load_from of .* is empty; give'):
        call('train', '--cfg-options', 'load_from=')


@pytest.mark.parametrize('content, message', [
    (dict(state_dict={}), 'lacks the iteration, .* no run can go on from it'), ([1], 'not a checkpoint'),
    (None, 'not a checkpoint'), ({1: 2}, 'weights.pth'), (b'text', 'cannot be read as a checkpoint'),
])
def test_what_no_training_can_be_resumed_from_is_one_sentence(in_tmp, content, message):
    if isinstance(content, bytes):
        (in_tmp / 'weights.pth').write_bytes(content)
    else:
        torch.save(content, 'weights.pth')
    with pytest.raises(SystemExit, match=message) as error:
        call('train', '--resume', 'weights.pth')
    assert '\n' not in str(error.value)


def test_a_hostile_checkpoint_ends_the_program_before_it_does_anything(in_tmp):

    class Hostile:

        def __reduce__(self):
            return os.mkdir, ('harm',)

    torch.save(Hostile(), 'hostile.pth')
    with pytest.raises(SystemExit, match='error: hostile.pth was refused and nothing in it was executed'):
        call('test', 'hostile.pth')
    with pytest.raises(SystemExit, match='error: hostile.pth was refused'):
        call('train', '--resume', 'hostile.pth')
    assert not (in_tmp / 'harm').exists()


def test_what_the_user_has_to_change_is_one_sentence(in_tmp):
    with pytest.raises(SystemExit, match='^error: there is no config file nothing.py'):
        main(['train', 'nothing.py'])


def test_a_bug_keeps_its_traceback(in_tmp, monkeypatch):
    call('train', '--work-dir', 'first')  # registers the toy
    monkeypatch.setattr(sys.modules['toy_project'].NoisyRamps, '__getitem__', lambda self, index: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        call('train', '--work-dir', 'run')
