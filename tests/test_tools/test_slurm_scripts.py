"""What the Slurm scripts ask of `srun`, and that all scripts refuse a short command line."""
import os
import subprocess

import pytest
from tool_runs import ROOT

SRUN = """#!/usr/bin/env bash
printf '%s\\n' "$@" > "$SRUN_LOG"
printf '%s\\n' "$MASTER_PORT" "$PYTHONPATH" > "$SRUN_LOG.env"
"""


@pytest.fixture
def asked(tmp_path):
    """Run a script with an `srun` that only writes down its arguments; returns those and its environment."""

    def asked(script, *args, **environment):
        (tmp_path / 'srun').write_text(SRUN)
        (tmp_path / 'srun').chmod(0o755)
        subprocess.run(
            ['bash', str(ROOT / 'tools' / script), *args], check=True, cwd=tmp_path,
            env=dict(PATH=f'{tmp_path}:{os.environ["PATH"]}', SRUN_LOG=str(tmp_path / 'log'), **environment))
        return [(tmp_path / name).read_text().splitlines() for name in ('log', 'log.env')]

    return asked


def test_training_on_defaults(asked):
    arguments, (port, python_path) = asked('slurm_train.sh', 'part', 'job', 'a config', 'work dir', '--amp')
    assert arguments == [
        '--partition=part', '--job-name=job', '--gres=gpu:8', '--ntasks=8', '--ntasks-per-node=8',
        '--cpus-per-task=5', '--kill-on-bad-exit=1', 'python', '-u', f'{ROOT}/tools/train.py', 'a config',
        '--work-dir', 'work dir', '--launcher', 'slurm', '--amp']
    assert 12000 <= int(port) < 32000
    assert python_path == str(ROOT)


def test_testing_with_every_variable(asked):
    arguments, (port, python_path) = asked(
        'slurm_test.sh', 'part', 'job', 'c.py', 'a.pth', '--out', 'm.json', GPUS='16', GPUS_PER_NODE='4',
        CPUS_PER_TASK='2', SRUN_ARGS='--quotatype=auto --exclude=n1', MASTER_PORT='4000', PYTHONPATH='/mine')
    assert arguments == [
        '--partition=part', '--job-name=job', '--gres=gpu:4', '--ntasks=16', '--ntasks-per-node=4',
        '--cpus-per-task=2', '--kill-on-bad-exit=1', '--quotatype=auto', '--exclude=n1', 'python', '-u',
        f'{ROOT}/tools/test.py', 'c.py', 'a.pth', '--launcher', 'slurm', '--out', 'm.json']
    assert (port, python_path) == ('4000', f'{ROOT}:/mine')


def test_fewer_processes_than_a_node_has_gpus_ask_for_no_more(asked):
    arguments, _ = asked('slurm_train.sh', 'part', 'job', 'c.py', 'w', GPUS='2')
    assert {'--gres=gpu:2', '--ntasks=2', '--ntasks-per-node=2'} <= set(arguments)


@pytest.mark.parametrize('script, expected', [
    ('dist_train.sh', 'CONFIG GPUS'), ('dist_test.sh', 'CONFIG CHECKPOINT GPUS'),
    ('slurm_train.sh', 'PARTITION JOB_NAME CONFIG WORK_DIR'),
    ('slurm_test.sh', 'PARTITION JOB_NAME CONFIG CHECKPOINT'),
])
def test_a_short_command_line_is_answered_with_the_usage(script, expected):
    result = subprocess.run(['bash', str(ROOT / 'tools' / script), 'one'], capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.startswith('usage: ')
    assert expected in result.stderr
