"""One batch by three processes, as torchrun and srun start them; on CPUs."""
import os
import socket
import subprocess
import sys

import pytest
from patience import PATIENCE
from small_photos import write_mask, write_photo

from mmpconv.batch.ranks import Share

PHOTOS = [f'{name}{number}' for name in ('chelsea', 'rocket', 'coffee') for number in range(2)]
COMMAND = ['inpaint', 'photos', 'masks', '-o', 'out', '--model', 'telea']
# Process 1 is killed at its second photo.
KILLED = """
import os, signal, sys
from mmpconv.batch import fill
read, seen = fill.hole_mask, []
def hole_mask(*args, **options):
    seen.append(args)
    if os.environ['SLURM_PROCID'] == '1' and len(seen) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return read(*args, **options)
fill.hole_mask = hole_mask
from mmpconv.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope='module')
def alone(tmp_path_factory):
    """A folder of photos and masks, and the results of one process."""
    folder = tmp_path_factory.mktemp('ranks')
    for name in PHOTOS:
        box = (10, 5, 30, 25) if name[-1] == '0' else (0, 0, 0, 0)
        write_photo(folder / f'photos/{name[:-1]}/{name}.png', name[:-1])
        write_mask(folder / f'masks/{name}.png', box=box)
    done = subprocess.run([sys.executable, '-m', 'mmpconv', *COMMAND], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (folder / 'out').rename(folder / 'alone')
    return folder, done


def results(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob('*')) if path.is_file()}


def srun(folder, *program, size=3):
    """Start the processes that srun would; gives each one's status, output and errors."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = str(probe.getsockname()[1])
    started = [subprocess.Popen(
        [sys.executable, *program], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, 'SLURM_STEP_ID': '0', 'SLURM_PROCID': str(rank), 'SLURM_NTASKS': str(size),
             'SLURM_LOCALID': str(rank), 'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': port, 'OMP_NUM_THREADS': '1'})
        for rank in range(size)]
    return [(process.returncode, *output) for process, output in [(process, process.communicate(timeout=PATIENCE))
                                                                  for process in started]]


def test_three_processes_of_srun_give_the_same_files_and_one_summary(alone):
    folder, single = alone
    first, *others = srun(folder, '-m', 'mmpconv', *COMMAND)
    assert first[0] == 0 and results(folder / 'out') == results(folder / 'alone')
    assert f'{len(PHOTOS)} of {len(PHOTOS)} photos filled, in ' in first[1] and ' by 3 processes: out' in first[1]
    assert 'warning: 3 photos: the mask has no hole: ' in first[2]
    lines = [line for process in (first, *others) for line in process[1].splitlines() if line.startswith('[')]
    assert sorted(line.split(':')[0] for line in lines) == sorted(
        line.split(':')[0] for line in single.stdout.splitlines() if line.startswith('['))
    for status, out, _ in others:
        assert status == 0 and 'photos filled' not in out and len(out.splitlines()) == 2
    first, *_ = srun(folder, '-m', 'mmpconv', *COMMAND, '--resume')
    assert f'0 of {len(PHOTOS)} photos filled, {len(PHOTOS)} had results already' in first[1]


def test_torchrun_splits_a_batch(alone):
    folder, _ = alone
    done = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '3', '-m', 'mmpconv',
         *COMMAND[:-3], 'torchrun', *COMMAND[-2:]], cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert results(folder / 'torchrun') == results(folder / 'alone')
    assert done.stdout.count('photos filled') == 1 and ' by 3 processes: torchrun' in done.stdout


def test_a_process_that_is_killed_is_reported_and_resume_fills_what_is_left(alone):
    folder, _ = alone
    command = [*COMMAND[:-3], 'killed', *COMMAND[-2:]]
    first, second, third = srun(folder, '-c', KILLED, *command)
    assert (first[0], second[0], third[0]) == (3, -9, 0)
    assert ('process 1 of 3 ended before its 2 photos were done; the same command with --resume fills what is left\n'
            in first[2])
    assert len(results(folder / 'killed')) == len(PHOTOS) - 1
    done = subprocess.run([sys.executable, '-m', 'mmpconv', *command, '--resume'], cwd=folder, capture_output=True,
                          text=True)
    assert f'1 of {len(PHOTOS)} photos filled, {len(PHOTOS) - 1} had results already' in done.stdout
    assert results(folder / 'killed') == results(folder / 'alone')


@pytest.mark.parametrize('variables, share', [
    ({}, Share()),
    (dict(RANK='2', WORLD_SIZE='4', LOCAL_RANK='1'), Share(2, 4, 1)),
    (dict(SLURM_STEP_ID='3', SLURM_PROCID='5', SLURM_NTASKS='8', SLURM_LOCALID='1'), Share(5, 8, 1)),
    (dict(SLURM_STEP_ID='3', SLURM_PROCID='1', SLURM_NTASKS='8', SLURM_STEP_NUM_TASKS='2', SLURM_LOCALID='1'),
     Share(1, 2, 1)),
    # What a script of sbatch sees; it is no step of srun.
    (dict(SLURM_PROCID='0', SLURM_NTASKS='8', SLURM_LOCALID='0'), Share())])
def test_the_share_is_what_the_launcher_says(monkeypatch, variables, share):
    for name in [name for name in os.environ if name.startswith('SLURM_') or name in ('RANK', 'WORLD_SIZE')]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Share.of_environment() == share


def test_shares_are_disjoint_and_complete():
    jobs = list(range(10))
    assert sorted(job for rank in range(3) for job in Share(rank, 3).of(jobs)) == jobs


def test_each_process_on_a_machine_has_a_gpu_of_its_own(monkeypatch):
    assert Share(1, 2, 1).device('cpu') == 'cpu' and Share(5, 8, 5).device('cuda:3') == 'cuda:3'
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    monkeypatch.setattr('torch.cuda.device_count', lambda: 4)
    assert [Share(rank, 8, rank % 4).device('auto') for rank in range(8)] == [f'cuda:{rank % 4}' for rank in range(8)]
    assert Share(5, 8, 5).device('cuda') == 'cuda:1'  # more processes than GPUs share them
    assert Share().device('auto') == 'auto'
