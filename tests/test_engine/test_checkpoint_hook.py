"""No checkpoint is lost, whatever ends the training, and in whatever scope the config names its hook."""
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.hooks import CheckpointHook
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from patience import PATIENCE
from toy_runs import toy_runner

import mmpconv.engine  # noqa: F401
from mmpconv.engine import hooks
from mmpconv.engine.launch import add_hooks, work_dir_of_its_own
from mmpconv.errors import LaunchError
from mmpconv.registry import HOOKS


def test_saves_that_are_ended_in_the_midst_lose_nothing():
    """A few; ``killed_trainings.py --trials 60`` tries them at every step."""
    program = Path(__file__).with_name('killed_trainings.py')
    result = subprocess.run([sys.executable, str(program), '--trials', '4', '--disks', '1'], text=True,
                            capture_output=True, timeout=PATIENCE)
    assert result.returncode == 0, result.stdout + result.stderr[-3000:]
    assert len(re.findall(r' [1-9]\d* x SIG\w+ in a save: nothing lost, resumed bit for bit', result.stdout)) == 3


def test_the_name_that_configs_give_is_ours_in_this_scope():
    with DefaultScope.overwrite_default_scope('mmpconv'):
        assert type(HOOKS.build(dict(type='CheckpointHook'))) is hooks.CheckpointHook


@pytest.mark.parametrize('given, interval', [
    ({}, 1), (dict(default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=7))), 7),
    (dict(default_hooks=dict(checkpoint=dict(type=CheckpointHook, interval=7))), 7)], ids=['none', 'a name', 'a class'])
def test_configs_of_any_library_get_it_with_their_arguments(given, interval):
    cfg = Config(dict(default_scope='mmpretrain', **given))
    add_hooks(cfg)
    assert cfg.default_hooks.checkpoint == dict(type='mmpconv.engine.hooks.CheckpointHook', interval=interval)
    assert [hook['type'] for hook in cfg.custom_hooks] == ['mmpconv.engine.hooks.CheckFiniteHook']


def test_a_hook_that_checks_is_not_added_twice_and_one_that_is_off_stays_off():
    cfg = Config(dict(default_hooks=dict(checkpoint=None), custom_hooks=[dict(type='CheckFiniteHook', interval=3)]))
    add_hooks(cfg)
    assert cfg.default_hooks.checkpoint is None
    assert cfg.custom_hooks == [dict(type='CheckFiniteHook', interval=3)]


def test_the_old_checkpoint_is_there_while_the_new_one_is_written(tmp_path, monkeypatch):
    seen, save = [], Runner.save_checkpoint
    monkeypatch.setattr(Runner, 'save_checkpoint', lambda *args, **kwargs: seen.append(
        sorted(path.name for path in tmp_path.glob('*.pth'))) or save(*args, **kwargs))
    toy_runner(tmp_path, [], **{'default_hooks.checkpoint.max_keep_ckpts': 1,
                                'default_hooks.checkpoint.interval': 2}).train()
    assert seen == [[], ['iter_2.pth'], ['iter_4.pth']]
    assert [path.name for path in tmp_path.glob('*.pth')] == ['iter_6.pth']


def test_a_second_training_in_a_work_dir_is_refused_until_the_first_is_dead(tmp_path):
    code = ('import sys, time\nfrom mmpconv.whole_files import locked\nfrom pathlib import Path\n'
            'with locked(Path(sys.argv[1]), "a", inherited=False):\n    print("ready", flush=True); time.sleep(600)')
    first = subprocess.Popen([sys.executable, '-c', code, str(tmp_path)], stdout=subprocess.PIPE)
    try:
        first.stdout.readline()
        with pytest.raises(LaunchError, match='^another training is running in .*; wait until it ends, or give another '
                           '--work-dir$'), work_dir_of_its_own(tmp_path):
            pass
    finally:
        first.kill()
        first.wait()
    with work_dir_of_its_own(tmp_path):
        pass


def test_of_a_distributed_run_the_first_process_holds_the_work_dir(tmp_path, monkeypatch):
    monkeypatch.setenv('RANK', '1')
    with work_dir_of_its_own(tmp_path, 'pytorch'):
        assert not (tmp_path / '.lock').exists()
    monkeypatch.setenv('RANK', '0')
    with work_dir_of_its_own(tmp_path, 'pytorch'):
        assert (tmp_path / '.lock').exists()
