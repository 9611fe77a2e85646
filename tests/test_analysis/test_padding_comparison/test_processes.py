"""As many processes at a time as there are places, and none that outlives the call; the places of trainings."""
import os
import select
import sys

import pytest
import torch
from patience import PATIENCE

from mmpconv.analysis.padding_comparison import compare
from mmpconv.analysis.padding_comparison.compare import places_for, run_all, start_process
from mmpconv.errors import LaunchError

# Starts a process that does not end when asked to, as the workers of a training may.
WITH_CHILD = '(trap "" TERM; touch started-$NUMBER; sleep 3600) & wait'


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    monkeypatch.setattr(compare, 'POLL', 0.02)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def pipe():
    """A pipe, which comes to its end when nobody has its second part open any more."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def all_have_ended(pipe):
    """Whether no process has inherited the pipe, or all that did have ended."""
    os.dup2(pipe[0], pipe[1])  # closes our own
    readable = select.select([pipe[0]], [], [], PATIENCE)[0]
    return bool(readable) and os.read(pipe[0], 1) == b''


def shell(script, tmp_path, keep_open=(), **variables):
    """A start of a shell script, which also gets its place."""
    return lambda place: start_process(['bash', '-c', script], tmp_path / 'log', {**variables, **place}, keep_open)


def nothing(*_):
    pass


def run(starts, places=({}, ), on_end=nothing, on_wait=nothing):
    """Run them; callbacks get their numbers."""
    run_all(range(len(starts)), lambda number, place: starts[number](place), places, on_end, on_wait)


def test_as_many_run_at_a_time_as_there_are_places_and_all_places_are_used_again(tmp_path):
    # The first one waits for the second.
    script = ('echo "+ $PLACE" >> events; until [ $(grep -c + events) -ge 2 ]; do sleep 0.01; done; '
              'echo "- $PLACE" >> events')
    ended, seen = {}, []
    run([shell(script, tmp_path)] * 5, [dict(PLACE='a'), dict(PLACE='b')], ended.__setitem__, seen.append)
    active, most, used = set(), 0, []
    for sign, place in map(str.split, (tmp_path / 'events').read_text().splitlines()):
        if sign == '+':
            assert place not in active, 'two share a place'
            active.add(place)
            used.append(place)
        else:
            active.remove(place)
        most = max(most, len(active))
    assert most == 2 and len(used) == 5 and set(used) == {'a', 'b'}
    assert ended == dict.fromkeys(range(5), 0)
    assert seen[0] == [0, 1] and seen[-1] == []


def test_a_command_is_made_when_its_turn_has_come(tmp_path):
    events = []

    def start(number):
        def make(place):
            events.append(f'start {number}')
            return shell('true', tmp_path)(place)
        return make

    run([start(0), start(1)], on_end=lambda number, status: events.append(f'end {number}'))
    assert events == ['start 0', 'end 0', 'start 1', 'end 1']


def test_exit_statuses_are_reported_and_no_failure_stops_the_others(tmp_path):
    ended = {}
    run([shell(script, tmp_path) for script in ('exit 3', 'kill -9 $$', 'true')], on_end=ended.__setitem__)
    assert ended == {0: 3, 1: -9, 2: 0}


def test_output_is_added_to_the_log_and_the_environment_is_passed_on(tmp_path, monkeypatch):
    monkeypatch.setenv('INHERITED', 'both')
    (tmp_path / 'log').write_text('before\n')
    run([shell('cat; echo $INHERITED $OWN; echo error >&2', tmp_path, OWN='and own')])
    assert (tmp_path / 'log').read_text() == 'before\nboth and own\nerror\n'


@pytest.mark.parametrize('error', [KeyboardInterrupt, ValueError])
def test_an_error_ends_all_processes_and_what_they_started(tmp_path, pipe, error):
    def wait(active):
        if len(list(tmp_path.glob('started-*'))) == 2:
            raise error

    starts = [shell(WITH_CHILD, tmp_path, pipe[1:], NUMBER=str(number)) for number in range(3)]
    with pytest.raises(error):
        run(starts, [{}, {}], on_wait=wait)
    assert all_have_ended(pipe)
    assert not (tmp_path / 'started-2').exists()


@pytest.mark.parametrize('where', ['on_end', 'start'])
def test_an_error_of_a_callback_ends_the_others_too(tmp_path, pipe, where):
    def fail(*_):
        raise ValueError(where)

    starts = [shell(WITH_CHILD, tmp_path, pipe[1:], NUMBER='0'), shell('true', tmp_path)]
    if where == 'start':
        starts.append(fail)
    with pytest.raises(ValueError, match=where):
        run(starts, [{}, {}], on_end=fail if where == 'on_end' else nothing)
    assert all_have_ended(pipe)


def interrupt_when(path):
    def wait(active):
        if path.exists():
            raise KeyboardInterrupt
    return wait


def test_a_process_gets_the_time_to_end_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(compare, 'PATIENCE', PATIENCE)
    program = ('import signal, sys, time\n'
               'def end(*_): time.sleep(0.3); open("saved", "w"); sys.exit()\n'
               'signal.signal(signal.SIGTERM, end)\n'
               'open("ready", "w"); time.sleep(3600)')
    with pytest.raises(KeyboardInterrupt):
        run([lambda place: start_process([sys.executable, '-c', program], tmp_path / 'log', place, ())],
            on_wait=interrupt_when(tmp_path / 'ready'))
    assert (tmp_path / 'saved').exists()


def test_the_patience_with_a_process_that_does_not_end_is_limited(tmp_path, pipe, monkeypatch):
    monkeypatch.setattr(compare, 'PATIENCE', 0.2)
    with pytest.raises(KeyboardInterrupt):
        run([shell('trap "" TERM; touch ready; while true; do sleep 1; done', tmp_path, pipe[1:])],
            on_wait=interrupt_when(tmp_path / 'ready'))
    assert all_have_ended(pipe)


def test_file_descriptors_are_inherited_where_it_is_said(tmp_path, pipe):
    script = f'(echo here >&{pipe[1]}) 2> /dev/null || true'
    run([shell(script, tmp_path)])
    assert not select.select([pipe[0]], [], [], 0)[0]
    run([shell(script, tmp_path, pipe[1:])])
    assert select.select([pipe[0]], [], [], 0)[0] and os.read(pipe[0], 10) == b'here\n'


@pytest.fixture
def machine(monkeypatch):
    """Let this machine have so many GPUs and cores."""
    def machine(gpus, cores=8, visible=None):
        monkeypatch.setattr(torch.cuda, 'device_count', lambda: gpus)
        monkeypatch.setattr(os, 'sched_getaffinity', lambda process: set(range(cores)), raising=False)
        monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
        if visible is not None:
            monkeypatch.setenv('CUDA_VISIBLE_DEVICES', visible)

    return machine


@pytest.mark.parametrize('jobs, gpus, expected', [(None, 1, 8), (None, 4, 2), (None, 16, 1), (3, 1, 3), (12, 4, 12)])
def test_without_gpus_each_process_gets_a_core(machine, jobs, gpus, expected):
    machine(gpus=0)
    assert places_for(jobs, gpus) == [dict(OMP_NUM_THREADS='1')] * expected


@pytest.mark.parametrize('jobs, gpus, expected', [
    (None, 1, ['0']), (None, 2, ['0,1']), (None, 4, ['0,1,2,3']), (3, 1, ['0', '1', '2']), (2, 2, ['0,1', '2,3']),
    (3, 2, ['0,1', '2,3', '0,1']), (2, 3, ['0,1,2', '3,0,1']), (5, 1, ['0', '1', '2', '3', '0']),
])
def test_jobs_get_different_gpus_as_far_as_there_are_enough(machine, jobs, gpus, expected):
    machine(gpus=4)
    assert places_for(jobs, gpus) == [dict(CUDA_VISIBLE_DEVICES=names) for names in expected]


@pytest.mark.parametrize('visible, expected', [
    ('4,5,6,7', ['4,5', '6,7']), ('GPU-a,GPU-b,GPU-c,GPU-d', ['GPU-a,GPU-b', 'GPU-c,GPU-d']),
    ('7,6,5,4,-1,3', ['7,6', '5,4']),  # CUDA sees those before the first that is none
])
def test_gpus_are_those_that_this_process_may_use(machine, visible, expected):
    machine(gpus=4, visible=visible)
    assert places_for(2, 2) == [dict(CUDA_VISIBLE_DEVICES=names) for names in expected]


def test_more_gpus_than_there_are_is_an_error(machine):
    machine(gpus=4)
    with pytest.raises(LaunchError, match='^--gpus is 5, but there are 4 on this machine$'):
        places_for(1, 5)
