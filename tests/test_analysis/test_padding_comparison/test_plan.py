"""Which runs a comparison consists of, and what is refused before anything starts."""
import re

import pytest
from comparison_runs import CONFIG, write_configs

from mmpconv.analysis.padding_comparison.plan import Comparison, plan_runs
from mmpconv.errors import LaunchError

NAMES = ('net-zero', 'net-partial', 'deep-zero', 'deep-partial')


@pytest.fixture
def plan(tmp_path):
    template = write_configs(tmp_path / 'configs', *NAMES)

    def plan(**changes):
        compared = dict(template=template, networks=('net', 'deep'), paddings=('zero', 'partial'), metric='score')
        compared |= {name: changes.pop(name) for name in [*changes] if name in compared}
        return plan_runs(Comparison(**compared), **{'seeds': 2, 'work_dir': tmp_path / 'runs', **changes})

    return plan


def test_runs_are_in_the_order_of_the_arguments(plan, tmp_path):
    runs = plan(networks=['net', 'deep'], paddings=['partial', 'zero'])
    assert [str(run) for run in runs] == [
        f'{network}-{padding}, seed {seed}' for network in ('net', 'deep') for padding in ('partial', 'zero')
        for seed in (0, 1)]
    assert runs[1].config == str(tmp_path / 'configs/net-partial.py')
    assert runs[1].folder == tmp_path / 'runs/net-partial/seed-1'
    assert len({run.folder for run in runs}) == len(runs)


def test_other_braces_of_a_path_are_left_alone(plan, tmp_path):
    template = write_configs(tmp_path / '{x}', *NAMES)
    assert plan(template=template)[0].config == str(tmp_path / '{x}/net-zero.py')


def test_options_and_gpus_reach_every_run(plan):
    runs = plan(options=['model.width=8', 'randomness.deterministic=True'], gpus=4)
    assert {run.gpus for run in runs} == {4}
    for run in runs:
        assert run.settings['config']['model'] == dict(type='Net', width=8)
        assert run.settings['config']['randomness'] == dict(seed=run.seed, deterministic=True)


@pytest.mark.parametrize('changes, message', [
    (dict(template='configs/{network}.py'), 'configs/{network}.py, has no {padding} in it'),
    (dict(template='configs/{padding}.py'), 'has no {network} in it'),
    (dict(networks=['net', 'deep', 'net']), '--networks has net more than once'),
    (dict(paddings=['zero', 'zero', 'partial']), '--paddings has zero more than once'),
    (dict(paddings=['partial', 'reflect']), "--paddings is partial reflect, without 'zero'"),
    (dict(seeds=0), '--seeds is 0 but must be at least 1'),
    (dict(gpus=0), '--gpus is 0 but must be at least 1'),
    (dict(options=['model.width']), "--cfg-options has 'model.width' but takes KEY=VALUE"),
    (dict(options=['randomness.seed=3']), '--cfg-options sets randomness.seed, but every run has a seed of its own'),
    (dict(options=['randomness={}']), '--cfg-options sets randomness, but'),
    (dict(options=['model.type.width=3']), 'does not fit {folder}/net-zero.py'),
    (dict(paddings=['zero', 'mirror']), 'there is no config file {folder}/net-mirror.py, {folder}/deep-mirror.py;'),
    (dict(template='mmengine::{network}/{padding}.py'), "package 'mmengine' ships no config net/zero.py"),
])
def test_bad_arguments_are_refused(plan, tmp_path, changes, message):
    with pytest.raises(LaunchError, match=re.escape(message.replace('{folder}', str(tmp_path / 'configs')))):
        plan(**changes)
    assert not (tmp_path / 'runs').exists()


@pytest.mark.parametrize('missing', ['val_dataloader', 'val_cfg', 'val_evaluator'])
def test_a_config_without_validation_is_refused(plan, tmp_path, missing):
    (tmp_path / 'configs/deep-partial.py').write_text(f'{CONFIG}\n{missing} = None\n')
    with pytest.raises(LaunchError, match='deep-partial.py does not validate while it trains, so that its runs have '
                                          'no score'):
        plan()


def test_a_run_that_was_started_otherwise_is_found_before_anything_starts(plan, tmp_path):
    plan(options=['model.width=8'])[-1].prepare()
    with pytest.raises(LaunchError, match='deep-partial/seed-1 was started with other settings'):
        plan()
