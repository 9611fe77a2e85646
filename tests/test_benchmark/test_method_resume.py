"""Scores on disk: an interrupted comparison goes on, and nothing that was made in another way is mixed in."""
import contextlib
import json
import multiprocessing
import os
import signal
import time

import cv2
import pytest
from benchmark_samples import make_benchmark, score_words

from mmpconv.benchmark import main
from mmpconv.benchmark.score_file import ScoreFile
from mmpconv.errors import LaunchError

SETTINGS = dict(benchmark_sha256='a', versions='torch 1', config=dict(model=dict(width=4)))
IDS = [f's{number}' for number in range(4)]


@pytest.fixture(scope='module')
def benchmark(tmp_path_factory):
    return make_benchmark(tmp_path_factory.mktemp('benchmark') / 'tiny')


def row(identifier, l1=0.1 + 0.2):
    return dict(id=identifier, hole_ratio=0.15, bin='0.1-0.2', border=1, l1=l1, seconds=1e-17, changed_outside=0)


def checked(folder, settings=SETTINGS, ids=IDS, restart=False, metrics=('l1', )):
    file = ScoreFile(folder, 'me', metrics)
    file.check(settings, ids, restart)
    return file


@pytest.fixture
def folder(tmp_path):
    """Two rows were written."""
    file = checked(tmp_path)
    file.begin('a machine')
    file.append(row('s0'))
    file.append(row('s1', 5.0))
    return tmp_path


def test_rows_come_back_with_all_their_digits(folder):
    assert checked(folder).rows == [row('s0'), row('s1', 5.0)]


def test_rows_are_added_below_and_machines_are_remembered(folder):
    before = (folder / 'me.csv').read_bytes()
    for machine in ('a machine', 'another'):
        file = checked(folder)
        file.begin(machine)
    file.append(row('s2'))
    assert (folder / 'me.csv').read_bytes() == before + b's2,0.15,0.1-0.2,1,0.30000000000000004,1e-17,0\n'
    assert checked(folder).machines == ['a machine', 'another']


@pytest.mark.parametrize('cut', ['s2', 's2,0.15,0.1-0.2,1,0.3', 's2,0.15,0.1-0.2,1,0.3,1e-17,0'])
def test_a_last_line_that_was_cut_off_is_dropped(folder, cut):
    before = (folder / 'me.csv').read_bytes()
    (folder / 'me.csv').write_bytes(before + cut.encode())
    file = checked(folder)
    assert file.rows == [row('s0'), row('s1', 5.0)]
    file.begin('a machine')
    assert (folder / 'me.csv').read_bytes() == before


@pytest.mark.parametrize('changes, what', [
    (dict(benchmark_sha256='b'), 'benchmark_sha256 was "a", is "b"'),
    (dict(versions='torch 2'), 'versions was "torch 1", is "torch 2"'),
    (dict(checkpoint_sha256='c'), 'checkpoint_sha256 was absent, is "c"'),
    (dict(config=dict(model=dict(width=8))), 'model.width was 4, is 8'),
])
def test_scores_that_were_made_in_another_way_are_refused_with_what_differs(folder, changes, what):
    before = (folder / 'me.csv').read_bytes()
    with pytest.raises(LaunchError, match=rf'scores of me that were made in another way \({what}\).*--restart'):
        checked(folder, {**SETTINGS, **changes})
    assert (folder / 'me.csv').read_bytes() == before


def test_restart_forgets_them_when_it_begins_and_not_before(folder):
    file = checked(folder, dict(benchmark_sha256='b'), restart=True)
    assert file.rows == [] and len((folder / 'me.csv').read_text().splitlines()) == 3
    file.begin('a machine')
    assert (folder / 'me.csv').read_text() == 'id,hole_ratio,bin,border,l1,seconds,changed_outside\n'
    assert json.loads((folder / 'me.json').read_text())['settings'] == dict(benchmark_sha256='b')


@pytest.mark.parametrize('content, what', [
    ('', None), ('id,hole_ratio\n', 'its first line does not name the columns'),
    ('{head}s1,0.1,a,1,1,1,0\n', 'line 2 is not of the sample that is next'),
    ('{head}s0,0.1,a,1,1,1,0\ns0,0.1,a,1,1,1,0\n', 'line 3 is not of the sample that is next'),
    ('{head}s0,0.1,a,1,1,1\n', 'damaged'), ('{head}s0,0.1,a,1,one,1,0\n', 'could not convert'),
])
def test_a_damaged_file_is_refused(folder, content, what):
    head = 'id,hole_ratio,bin,border,l1,seconds,changed_outside\n'
    (folder / 'me.csv').write_text(content.format(head=head))
    if what is None:
        assert checked(folder).rows == []
        return
    with pytest.raises(LaunchError, match=f'me.csv is damaged.*{what}|{what}.*--restart'):
        checked(folder)


def test_scores_that_nothing_is_known_of_are_refused(folder):
    (folder / 'me.json').unlink()
    with pytest.raises(LaunchError, match='me.csv is there without me.json'):
        checked(folder)


def test_more_rows_than_samples_are_refused(folder):
    with pytest.raises(LaunchError, match='damaged'):
        checked(folder, ids=IDS[:1])


def test_an_interrupted_comparison_computes_only_what_is_missing(benchmark, tmp_path):
    score_words(benchmark, ['mean', 'telea'], tmp_path)
    paths = {name: tmp_path / f'methods/{name}.csv' for name in ('mean', 'telea')}
    whole = {name: path.read_bytes() for name, path in paths.items()}
    cut = whole['telea'].splitlines(keepends=True)[:6]
    paths['telea'].write_bytes(b''.join(cut) + b's00')
    files = score_words(benchmark, ['mean', 'telea'], tmp_path)
    assert paths['mean'].read_bytes() == whole['mean']
    assert paths['telea'].read_bytes().startswith(b''.join(cut))

    def without_seconds(content):
        return [line.split(b',')[:-2] for line in content.splitlines()]

    assert without_seconds(paths['telea'].read_bytes()) == without_seconds(whole['telea'])
    assert [len(file.rows) for file in files] == [12, 12]


def test_pictures_that_changed_and_another_benchmark_are_noticed(benchmark, tmp_path):
    pictures = tmp_path / 'pictures'
    pictures.mkdir()
    for sample in benchmark.samples:
        cv2.imwrite(str(pictures / f'{sample.id}.png'), benchmark.image(sample))
    score_words(benchmark, [f'p={pictures}', 'mean'], tmp_path)
    cv2.imwrite(str(pictures / 's0003.png'), 255 - benchmark.image(benchmark.samples[3]))
    with pytest.raises(LaunchError, match='made in another way .pictures_sha256 was'):
        score_words(benchmark, [f'p={pictures}'], tmp_path)
    with pytest.raises(LaunchError, match='made in another way .benchmark_sha256 was'):
        score_words(make_benchmark(tmp_path / 'other', repeats=2), ['mean'], tmp_path)
    file, = score_words(benchmark, [f'p={pictures}'], tmp_path, restart=True)
    assert [sample_row['l1'] > 0 for sample_row in file.rows] == [number == 3 for number in range(12)]


def _command(arguments, output):
    """The command line in a process of its own, as a shell starts it."""
    os.setsid()
    with open(output, 'w') as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        main(arguments)


def _is_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize('number, status', [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_a_command_that_is_ended_leaves_rows_and_no_processes(tmp_path, number, status):
    benchmark = make_benchmark(tmp_path / 'tiny', repeats=20)
    path = tmp_path / 'out/methods/biharmonic.csv'
    arguments = [str(benchmark.folder), 'biharmonic', 'mean', '--work-dir', str(tmp_path / 'out'), '--jobs', '2']
    process = multiprocessing.get_context('fork').Process(target=_command, args=(arguments, tmp_path / 'output'))
    process.start()
    while process.is_alive() and not (path.is_file() and len(path.read_bytes().splitlines()) > 5):
        time.sleep(0.02)
    os.kill(process.pid, number)
    process.join(60)
    output = (tmp_path / 'output').read_text()
    assert process.exitcode == status, output
    rows = len(path.read_text().splitlines()) - 1
    assert 5 <= rows < 240
    if number != signal.SIGKILL:
        assert output.endswith(f'interrupted: {rows} of 480 results are scored; the same command continues\n')
    deadline = time.monotonic() + 10
    while _is_alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_alive(process.pid)
