"""As many processes at a time as there are places, and none that outlives the call."""
import os
import select
import sys
import time

import pytest

from mmpconv.analysis.padding_comparison import training as processes
from mmpconv.analysis.padding_comparison.training import Command, run_all

# Starts a process that does not end when asked to, as the workers of a training may.
WITH_CHILD = '(trap "" TERM; touch started-$NUMBER; sleep 30) & wait'


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, 'POLL', 0.02)
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
    readable = select.select([pipe[0]], [], [], 3)[0]
    return bool(readable) and os.read(pipe[0], 1) == b''


def shell(script, tmp_path, **variables):
    """A start of a shell script, which also gets its place."""
    return lambda place: Command(['bash', '-c', script], tmp_path / 'log', {**variables, **place})


def nothing(*_):
    pass


def test_as_many_run_at_a_time_as_there_are_places_and_all_places_are_used_again(tmp_path):
    script = 'echo "+ $PLACE" >> events; sleep 0.2; echo "- $PLACE" >> events'
    ended, seen = {}, []
    run_all([shell(script, tmp_path)] * 5, [dict(PLACE='a'), dict(PLACE='b')], ended.__setitem__, seen.append, [])
    active, most, used = set(), 0, []
    for sign, place in map(str.split, (tmp_path / 'events').read_text().splitlines()):
        if sign == '+':
            assert place not in active, 'two share a place'
            active.add(place)
            used.append(place)
        else:
            active.remove(place)
        most = max(most, len(active))
    assert most == 2 and sorted(used) in ([*'aaabb'], [*'aabbb'])
    assert ended == dict.fromkeys(range(5), 0)
    assert seen[0] == [0, 1] and seen[-1] == []


def test_a_command_is_made_when_its_turn_has_come(tmp_path):
    events = []

    def start(number):
        def make(place):
            events.append(f'start {number}')
            return shell('true', tmp_path)(place)
        return make

    run_all([start(0), start(1)], [{}], lambda number, status: events.append(f'end {number}'), nothing, [])
    assert events == ['start 0', 'end 0', 'start 1', 'end 1']


def test_exit_statuses_are_reported_and_no_failure_stops_the_others(tmp_path):
    ended = {}
    run_all([shell(script, tmp_path) for script in ('exit 3', 'kill -9 $$', 'true')], [{}],
            ended.__setitem__, nothing, [])
    assert ended == {0: 3, 1: -9, 2: 0}


def test_output_is_added_to_the_log_and_the_environment_is_passed_on(tmp_path, monkeypatch):
    monkeypatch.setenv('INHERITED', 'both')
    (tmp_path / 'log').write_text('before\n')
    run_all([shell('cat; echo $INHERITED $OWN; echo error >&2', tmp_path, OWN='and own')], [{}], nothing, nothing, [])
    assert (tmp_path / 'log').read_text() == 'before\nboth and own\nerror\n'


@pytest.mark.parametrize('error', [KeyboardInterrupt, ValueError])
def test_an_error_ends_all_processes_and_what_they_started(tmp_path, pipe, error):
    def wait(active):
        if len(list(tmp_path.glob('started-*'))) == 2:
            raise error

    starts = [shell(WITH_CHILD, tmp_path, NUMBER=str(number)) for number in range(3)]
    with pytest.raises(error):
        run_all(starts, [{}, {}], nothing, wait, [pipe[1]])
    assert all_have_ended(pipe)
    assert not (tmp_path / 'started-2').exists()


@pytest.mark.parametrize('where', ['on_end', 'start'])
def test_an_error_of_a_callback_ends_the_others_too(tmp_path, pipe, where):
    def fail(*_):
        raise ValueError(where)

    starts = [shell(WITH_CHILD, tmp_path, NUMBER='0'), shell('true', tmp_path)]
    if where == 'start':
        starts.append(fail)
    with pytest.raises(ValueError, match=where):
        run_all(starts, [{}, {}], fail if where == 'on_end' else nothing, nothing, [pipe[1]])
    assert all_have_ended(pipe)


def interrupt_when(path):
    def wait(active):
        if path.exists():
            raise KeyboardInterrupt
    return wait


def test_a_process_gets_the_time_to_end_by_itself(tmp_path):
    program = ('import signal, sys, time\n'
               'def end(*_): time.sleep(0.3); open("saved", "w"); sys.exit()\n'
               'signal.signal(signal.SIGTERM, end)\n'
               'open("ready", "w"); time.sleep(30)')
    command = Command([sys.executable, '-c', program], tmp_path / 'log', {})
    with pytest.raises(KeyboardInterrupt):
        run_all([lambda place: command], [{}], nothing, interrupt_when(tmp_path / 'ready'), [])
    assert (tmp_path / 'saved').exists()


def test_the_patience_with_a_process_that_does_not_end_is_limited(tmp_path, pipe, monkeypatch):
    monkeypatch.setattr(processes, 'PATIENCE', 0.2)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_all([shell('trap "" TERM; touch ready; while true; do sleep 1; done', tmp_path)], [{}], nothing,
                interrupt_when(tmp_path / 'ready'), [pipe[1]])
    assert all_have_ended(pipe)
    assert time.monotonic() - start < 20


def test_file_descriptors_are_inherited_where_it_is_said(tmp_path, pipe):
    script = f'(echo here >&{pipe[1]}) 2> /dev/null || true'
    run_all([shell(script, tmp_path)], [{}], nothing, nothing, [])
    assert not select.select([pipe[0]], [], [], 0)[0]
    run_all([shell(script, tmp_path)], [{}], nothing, nothing, [pipe[1]])
    assert select.select([pipe[0]], [], [], 0)[0] and os.read(pipe[0], 10) == b'here\n'
