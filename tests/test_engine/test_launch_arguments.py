"""What each argument of the tools does to a config."""
import os

import pytest
import torch
from mmengine.config import Config

from mmpconv.cli.main import parse
from mmpconv.engine.launch import apply_test, apply_train
from mmpconv.errors import LaunchError

CONFIG = """
model = dict(type='A')
train_dataloader = dict(batch_size=2)
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=0.1))
test_dataloader = dict(batch_size=1)
test_cfg = dict()
test_evaluator = dict(type='M')
"""


@pytest.fixture
def in_tmp(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')
    return tmp_path


def for_training(*argv, config=CONFIG):
    cfg = Config.fromstring(config, '.py')
    apply_train(cfg, parse('train', ['configs/name.py', *argv]))
    return cfg


def for_testing(*argv):
    cfg = Config.fromstring(CONFIG, '.py')
    apply_test(cfg, parse('test', ['configs/name.py', *argv]))
    return cfg


def run_with_checkpoint(work_dir, name='iter_3.pth', recorded=None):
    work_dir.mkdir(exist_ok=True)
    torch.save(dict(meta={}, message_hub={}, optimizer={}, state_dict={}), work_dir / name)
    (work_dir / 'last_checkpoint').write_text(str(recorded or work_dir / name))


def test_work_dir_is_the_argument_then_the_config_then_the_name_of_the_config(in_tmp):
    assert for_training().work_dir == 'work_dirs/name'
    assert for_training(config=CONFIG + "work_dir = 'from_config'").work_dir == 'from_config'
    assert for_training('--work-dir', 'given', config=CONFIG + "work_dir = 'from_config'").work_dir == 'given'


def test_cfg_options_are_merged_before_the_other_arguments_read_the_config(in_tmp):
    cfg = for_training('--amp', '--cfg-options', 'optim_wrapper.loss_scale=8.0', 'train_cfg.max_iters=7')
    assert cfg.train_cfg.max_iters == 7
    assert cfg.optim_wrapper.loss_scale == 8.0


def test_cfg_options_that_do_not_fit_are_refused(in_tmp):
    with pytest.raises(LaunchError, match='--cfg-options .*does not fit configs/name.py'):
        for_training('--cfg-options', 'model.type.deeper=1')


def test_amp_selects_a_wrapper_that_runs_anywhere_with_dynamic_loss_scale(in_tmp):
    wrapper = for_training('--amp').optim_wrapper
    assert wrapper.type == 'mmpconv.engine.AmpOptimWrapper'
    assert wrapper.loss_scale == 'dynamic'
    assert wrapper.optimizer == dict(type='Adam', lr=0.1)


def test_amp_reaches_every_one_of_several_optimizers(in_tmp):
    several = CONFIG + """
optim_wrapper = dict(_delete_=True, constructor='MultiOptimWrapperConstructor',
    a=dict(type='OptimWrapper', optimizer=dict(type='Adam')), b=dict(optimizer=dict(type='SGD')))
"""
    wrapper = for_training('--amp', config=several).optim_wrapper
    assert wrapper.a.type == wrapper.b.type == 'mmpconv.engine.AmpOptimWrapper'
    assert 'type' not in wrapper


def test_amp_leaves_a_wrapper_that_is_amp_already(in_tmp):
    options = ['--cfg-options', 'optim_wrapper.type=AmpOptimWrapper', 'optim_wrapper.loss_scale=4.0']
    wrapper = for_training('--amp', *options).optim_wrapper
    assert wrapper.type == 'AmpOptimWrapper'
    assert wrapper.loss_scale == 4.0


def test_amp_refuses_other_wrappers(in_tmp):
    with pytest.raises(LaunchError, match="--amp works with .*'OptimWrapper', but .* has 'DeepSpeed'"):
        for_training('--amp', '--cfg-options', 'optim_wrapper.type=DeepSpeed')


def test_auto_scale_lr_is_enabled(in_tmp):
    cfg = for_training('--auto-scale-lr', config=CONFIG + 'auto_scale_lr = dict(base_batch_size=96)')
    assert cfg.auto_scale_lr == dict(base_batch_size=96, enable=True)


@pytest.mark.parametrize('addition', ['', 'auto_scale_lr = None', 'auto_scale_lr = dict(enable=False)'])
def test_auto_scale_lr_without_a_base_says_what_to_add(in_tmp, addition):
    with pytest.raises(LaunchError, match=r'add auto_scale_lr = dict\(base_batch_size=N\)'):
        for_training('--auto-scale-lr', config=CONFIG + addition)


def test_resume_takes_the_latest_checkpoint_of_the_work_dir(in_tmp):
    run_with_checkpoint(in_tmp / 'run')
    cfg = for_training('--work-dir', 'run', '--resume')
    assert cfg.resume is True
    assert cfg.load_from == str(in_tmp / 'run/iter_3.pth')


def test_resume_finds_the_checkpoint_of_a_work_dir_that_was_moved(in_tmp):
    run_with_checkpoint(in_tmp / 'run', recorded='/elsewhere/iter_3.pth')
    assert for_training('--work-dir', 'run', '--resume').load_from == 'run/iter_3.pth'


def test_resume_of_a_run_that_saved_no_checkpoint_starts_from_the_config(in_tmp):
    (in_tmp / 'stage1.pth').touch()
    (in_tmp / 'work_dirs/name/20260101_000000').mkdir(parents=True)
    cfg = for_training('--resume', config=CONFIG + "load_from = 'stage1.pth'")
    assert cfg.resume is False
    assert cfg.load_from == 'stage1.pth'


def test_resume_without_a_run_says_so(in_tmp):
    with pytest.raises(LaunchError, match='--resume: there is no run in work_dirs/name to go on with; leave the'):
        for_training('--resume')


def test_resume_never_takes_the_previous_stage_for_this_run(in_tmp):
    (in_tmp / 'stage1.pth').touch()
    run_with_checkpoint(in_tmp / 'run')
    cfg = for_training('--work-dir', 'run', '--resume', config=CONFIG + "load_from = 'stage1.pth'")
    assert cfg.load_from == str(in_tmp / 'run/iter_3.pth')


def test_resume_from_a_named_checkpoint(in_tmp):
    run_with_checkpoint(in_tmp, 'a.pth')
    cfg = for_training('--resume', 'a.pth')
    assert cfg.resume is True
    assert cfg.load_from == 'a.pth'
    assert for_training('--resume', 'https://example.org/a.pth').load_from == 'https://example.org/a.pth'


def test_resume_from_a_missing_checkpoint_says_so(in_tmp):
    with pytest.raises(LaunchError, match='--resume is b.pth, and there is no such file'):
        for_training('--resume', 'b.pth')
    (in_tmp / 'run').mkdir()
    (in_tmp / 'run/last_checkpoint').write_text('/elsewhere/iter_9.pth')
    with pytest.raises(LaunchError, match='can be used: there is no checkpoint file /elsewhere/iter_9.pth.*; name '):
        for_training('--work-dir', 'run', '--resume')


def test_a_missing_load_from_names_the_run_that_makes_it(in_tmp):
    config = CONFIG + "load_from = 'work_dirs/stage1/iter_8.pth'"
    (in_tmp / 'configs').mkdir()
    (in_tmp / 'configs/stage1.py').touch()
    with pytest.raises(LaunchError, match='load_from of configs/name.py is work_dirs/stage1/iter_8.pth, and '
                       'there is no such file; make it first with: python tools/train.py configs/stage1.py'):
        for_training(config=config)
    with pytest.raises(LaunchError, match='no such file; give another one with --cfg-options load_from=FILE'):
        for_training(config=CONFIG + "load_from = 'a.pth'")


def test_load_from_a_url_is_left_to_mmengine(in_tmp):
    assert for_training(config=CONFIG + "load_from = 'torchvision://vgg16'").load_from == 'torchvision://vgg16'


def test_test_loads_its_checkpoint_and_never_resumes(in_tmp):
    (in_tmp / 'a.pth').touch()
    cfg = for_testing('a.pth', '--cfg-options', 'resume=True', 'load_from=other.pth', '--out', 'm.json')
    assert (cfg.load_from, cfg.resume) == ('a.pth', False)


def test_test_without_its_checkpoint_says_so(in_tmp):
    with pytest.raises(LaunchError, match='the checkpoint is a.pth, and there is no such file; give'):
        for_testing('a.pth')


def test_out_must_be_a_file_of_metrics(in_tmp):
    (in_tmp / 'a.pth').touch()
    with pytest.raises(LaunchError, match='--out is m.txt; metrics are written as .json, .yaml or .pkl'):
        for_testing('a.pth', '--out', 'm.txt')


def test_a_config_that_lacks_parts_is_named_with_them(in_tmp):
    with pytest.raises(LaunchError, match='name.py is not a config to train: it has no train_dataloader'):
        for_training('--cfg-options', 'train_dataloader=None', 'train_cfg=None')


@pytest.mark.parametrize('spelling', ['--local_rank', '--local-rank'])
def test_the_local_rank_of_a_launcher_reaches_the_environment(in_tmp, monkeypatch, spelling):
    monkeypatch.delenv('LOCAL_RANK')
    cfg = for_training(spelling, '3', '--launcher', 'pytorch')
    assert cfg.launcher == 'pytorch'
    assert os.environ.pop('LOCAL_RANK') == '3'


def test_an_option_that_is_no_pair_is_named(capsys):
    with pytest.raises(SystemExit) as end:
        parse('train', ['configs/name.py', '--cfg-options', 'a.b=1', 'model'])
    assert end.value.code == 2
    assert "argument --cfg-options: 'model' is not of the form KEY=VALUE" in capsys.readouterr().err
