"""Fillings on disk: an interrupted comparison goes on, and nothing that was made in another way is mixed in."""
import contextlib
import csv
import itertools
import json
import multiprocessing
import os
import signal
import sys

import cv2
import numpy as np
import pytest
import torch
from benchmark_samples import make_benchmark, score_words
from patience import PATIENCE

from mmpconv.benchmark.fill import Filling, Fillings, Method, fill
from mmpconv.benchmark.methods import Baseline
from mmpconv.cli import main
from mmpconv.errors import LaunchError
from mmpconv.whole_files import append

SETTINGS = dict(benchmark_sha256='a', versions='torch 1', config=dict(model=dict(width=4)))
PICTURE = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)


@pytest.fixture(scope='module')
def benchmark(tmp_path_factory):
    return make_benchmark(tmp_path_factory.mktemp('benchmark') / 'tiny')


def checked(folder, settings=SETTINGS, restart=False):
    fillings = Fillings(folder, 'me')
    fillings.check(settings, restart)
    return fillings


@pytest.fixture
def folder(tmp_path, benchmark):
    """The first two samples were filled."""
    fillings = checked(tmp_path / 'me')
    fillings.begin('a machine')
    for sample, seconds in zip(benchmark.samples[:2], (0.1 + 0.2, 1e-17)):
        fillings.note(fillings.write(Filling(sample, PICTURE, seconds, 7)))
    return tmp_path / 'me'


def test_pictures_and_seconds_come_back_as_they_were(folder, benchmark):
    found = checked(folder)
    assert found.seconds == dict(s0000=0.1 + 0.2, s0001=1e-17) and found.changed_outside == dict(s0000=7, s0001=7)
    assert found.missing(benchmark.samples) == benchmark.samples[2:]
    assert (found.picture(benchmark.samples[0]) == PICTURE).all()


def test_machines_are_remembered(folder):
    for machine in ('a machine', 'another'):
        checked(folder).begin(machine)
    assert checked(folder).machines == ['a machine', 'another'] and len(checked(folder).seconds) == 2


def test_a_picture_counts_whose_noting_was_interrupted_after_its_line_was_written(folder, benchmark, monkeypatch):
    fillings = checked(folder)
    fillings.begin('a machine')

    def append_and_interrupt(path, text):
        append(path, text)
        raise KeyboardInterrupt

    monkeypatch.setattr('mmpconv.benchmark.fill.append', append_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        fillings.note(fillings.write(Filling(benchmark.samples[2], PICTURE, 0.1, 7)))
    assert fillings.count() == 3


@pytest.mark.parametrize('cut', ['s0002', 's0002,0.1', 's0002,0.1,0'])
def test_a_last_line_that_was_cut_off_does_not_count(folder, benchmark, cut):
    path = folder / 'seconds.csv'
    before = path.read_bytes()
    path.write_bytes(before + cut.encode())
    (folder / 's0002.png').write_bytes((folder / 's0001.png').read_bytes())
    found = checked(folder)
    assert found.missing(benchmark.samples) == benchmark.samples[2:]
    found.begin('a machine')
    assert path.read_bytes() == before


def test_a_picture_that_is_gone_is_missing(folder, benchmark):
    (folder / 's0000.png').unlink()
    assert checked(folder).missing(benchmark.samples) == [benchmark.samples[0], *benchmark.samples[2:]]


@pytest.mark.parametrize('changes, what', [
    (dict(benchmark_sha256='b'), 'benchmark_sha256 was "a", is "b"'),
    (dict(versions='torch 2'), 'versions was "torch 1", is "torch 2"'),
    (dict(checkpoint_sha256='c'), 'checkpoint_sha256 was absent, is "c"'),
    (dict(config=dict(model=dict(width=8))), 'model.width was 4, is 8'),
])
def test_pictures_that_were_made_in_another_way_are_refused_with_what_differs(folder, changes, what):
    with pytest.raises(LaunchError, match=rf'by me that were made in another way \({what}\).*--restart'):
        checked(folder, {**SETTINGS, **changes})
    assert len(checked(folder).seconds) == 2


def test_restart_removes_them_when_it_begins_and_not_before(folder):
    found = checked(folder, dict(benchmark_sha256='b'), restart=True)
    assert not found.seconds and len(list(folder.glob('*.png'))) == 2
    found.begin('a machine')
    assert sorted(path.name for path in folder.iterdir()) == ['seconds.csv', 'settings.json']
    assert json.loads((folder / 'settings.json').read_text())['settings'] == dict(benchmark_sha256='b')


@pytest.mark.parametrize('restart', [False, True])
def test_a_folder_that_is_not_of_a_comparison_is_never_touched(folder, restart):
    (folder / 'settings.json').unlink()
    with pytest.raises(LaunchError, match='me is there without settings.json.*move it away'):
        checked(folder, restart=restart)
    assert len(list(folder.glob('*.png'))) == 2


def test_damaged_seconds_are_named(folder):
    (folder / 'seconds.csv').write_text('id,seconds,changed_outside\ns0000,fast,0\n')
    with pytest.raises(LaunchError, match='seconds.csv is damaged.*fast.*--restart'):
        checked(folder)


def test_a_broken_picture_is_named_with_the_remedy(folder, benchmark):
    (folder / 's0000.png').write_bytes((folder / 's0000.png').read_bytes()[:40])
    with pytest.raises(LaunchError, match='s0000.png.*remove it, and the same command fills'):
        checked(folder).picture(benchmark.samples[0])


class Grey(Method):
    """Fills with grey, and makes what is outside the hole brighter."""
    in_threads = False

    def __init__(self, grey=90, outside=0):
        self.name, self.grey, self.outside, self.batches = 'grey', grey, outside, []

    def check(self, benchmark):
        return {}

    def fill(self, samples, images, masks):
        self.batches.append([sample.id for sample in samples])
        assert all(not image[mask[..., 0] == 1].any() for image, mask in zip(images, masks))
        return [np.where(mask == 1, np.uint8(self.grey), cv2.add(image, (self.outside, ) * 4))
                for image, mask in zip(images, masks)]


@pytest.fixture
def empty(tmp_path):
    fillings = checked(tmp_path / 'grey')
    fillings.begin('a machine')
    return fillings


@pytest.mark.parametrize('outside', [0, 7])
def test_pictures_are_the_truth_outside_the_hole_and_what_was_changed_there_is_noted(benchmark, empty, outside):
    assert len(list(fill(Grey(outside=outside), benchmark, empty, 2, 5))) == 12
    for sample in benchmark.samples:
        truth, mask = benchmark.image(sample), benchmark.mask(sample)
        assert (cv2.imread(str(empty.path(sample))) == np.where(mask == 1, 90, truth)).all()
        assert empty.changed_outside[sample.id] == outside and empty.seconds[sample.id] > 0


def test_methods_do_not_see_the_truth_and_get_batches_in_order(benchmark, empty):
    method = Grey()
    list(fill(method, benchmark, empty, 2, 5))
    ids = [sample.id for sample in benchmark.samples]
    assert method.batches == [ids[:5], ids[5:10], ids[10:]]
    assert [line.split(',')[0] for line in (empty.folder / 'seconds.csv').read_text().splitlines()[1:]] == ids


@pytest.mark.parametrize('method', [Grey(), Baseline('mean', 'mean')])
def test_photos_are_read_a_few_ahead_only(benchmark, empty, monkeypatch, method):
    """Memory does not grow with the number of samples: with one thread, four pictures wait in each queue."""
    seen = []
    image = type(benchmark).image
    monkeypatch.setattr(type(benchmark), 'image', lambda self, sample: seen.append(sample) or image(self, sample))
    many = make_benchmark(empty.folder.parent / 'many', repeats=4)
    for done, _ in enumerate(fill(method, many, empty, 1, 2), 1):
        assert len(seen) <= done + 2 + 2 * 4
    assert done == 48


def test_baselines_fill_in_threads_that_have_one_thread_each(benchmark, empty, monkeypatch):
    found = []

    def fill_by_mean(self, samples, images, masks):
        found.append((cv2.getNumThreads(), torch.get_num_threads()))
        return images

    before = cv2.getNumThreads(), torch.get_num_threads()
    monkeypatch.setattr(Baseline, 'fill', fill_by_mean)
    list(fill(Baseline('mean', 'mean'), benchmark, empty, 3, 1))
    assert set(found) == {(1, 1)} and (cv2.getNumThreads(), torch.get_num_threads()) == before


def test_too_large_a_batch_is_said(benchmark, empty):
    class Huge(Grey):
        def fill(self, samples, images, masks):
            raise torch.cuda.OutOfMemoryError('no memory')

    with pytest.raises(LaunchError, match='a batch of 5; use a smaller --batch-size'):
        list(fill(Huge(), benchmark, empty, 2, 5))


def without_seconds(rows):
    return [{name: value for name, value in row.items() if name != 'seconds'} for row in rows]


def test_an_interrupted_comparison_computes_only_what_is_missing(benchmark, tmp_path):
    whole = score_words(benchmark, ['mean', 'telea'], tmp_path)
    for name in ('s0004.png', 's0011.png'):
        (tmp_path / 'methods/telea' / name).unlink()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / 'methods').rglob('*.png')}
    scores = tmp_path / 'methods/mean/scores.csv'
    scores.write_bytes(b''.join(scores.read_bytes().splitlines(keepends=True)[:6]) + b's00')
    again = score_words(benchmark, ['mean', 'telea'], tmp_path)
    assert again['mean'] == whole['mean'] and without_seconds(again['telea']) == without_seconds(whole['telea'])
    assert len(kept) == 22 and {path: path.stat().st_mtime_ns for path in kept} == kept
    with open(tmp_path / 'methods/telea/scores.csv', newline='') as file:
        assert [row['id'] for row in csv.DictReader(file)] == [sample.id for sample in benchmark.samples]


def test_pictures_that_changed_and_another_benchmark_are_noticed(benchmark, tmp_path):
    pictures = tmp_path / 'theirs'
    pictures.mkdir()
    for sample in benchmark.samples:
        cv2.imwrite(str(pictures / f'{sample.id}.png'), benchmark.image(sample))
    score_words(benchmark, [f'p={pictures}', 'mean'], tmp_path)
    cv2.imwrite(str(pictures / 's0003.png'), 255 - benchmark.image(benchmark.samples[3]))
    with pytest.raises(LaunchError, match='made in another way .pictures_sha256 was'):
        score_words(benchmark, [f'p={pictures}'], tmp_path)
    with pytest.raises(LaunchError, match='made in another way .benchmark_sha256 was'):
        score_words(make_benchmark(tmp_path / 'other', repeats=2), ['mean'], tmp_path)
    rows = score_words(benchmark, [f'p={pictures}'], tmp_path, restart=True)['p']
    assert [row['l1'] > 0 for row in rows] == [number == 3 for number in range(12)]


@pytest.mark.parametrize('folder', ['methods/mean', 'pictures', 'pictures/a/mean'])
def test_pictures_of_other_software_where_ours_are_written_are_left_alone(benchmark, tmp_path, folder):
    """With --restart they would be removed before they are read; `pictures` is replaced as a whole."""
    (tmp_path / folder).mkdir(parents=True)
    for sample in benchmark.samples:
        cv2.imwrite(str(tmp_path / folder / f'{sample.id}.png'), benchmark.image(sample))
    with pytest.raises(LaunchError, match='where this comparison writes its own pictures.*move them'):
        score_words(benchmark, [f'mean={tmp_path}/{folder}'], tmp_path, restart=True)
    assert len(list((tmp_path / folder).glob('*.png'))) == 12


def test_fillings_of_a_comparison_are_compared_as_those_of_other_software(benchmark, tmp_path):
    score_words(benchmark, ['mean'], tmp_path)
    rows = score_words(benchmark, [f'copy={tmp_path}/methods/mean', 'mean'], tmp_path)
    assert without_seconds(rows['copy']) == without_seconds(rows['mean'])


def _command(arguments, output, number):
    """The command line in a process of its own, as a shell starts it, which gets a signal at its sixth picture."""
    os.setsid()
    pid, pictures = os.getpid(), itertools.count(1)

    def watch(event, details):
        if event == 'os.rename' and str(details[1]).endswith('.png') and os.getpid() == pid and next(pictures) == 6:
            os.kill(pid, number)

    sys.addaudithook(watch)
    with open(output, 'w') as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        main(arguments)


@pytest.mark.parametrize('number, status', [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_a_command_that_is_ended_leaves_whole_pictures_and_continues(tmp_path, number, status):
    benchmark = make_benchmark(tmp_path / 'tiny', repeats=10)
    folder = tmp_path / 'out/methods/biharmonic'
    arguments = ['benchmark', str(benchmark.folder), 'biharmonic', '--work-dir', str(tmp_path / 'out'), '--jobs', '2']
    process = multiprocessing.get_context('fork').Process(target=_command, args=(
        arguments, tmp_path / 'output', number))
    process.start()
    process.join(PATIENCE)
    output = (tmp_path / 'output').read_text()
    assert process.exitcode == status, output
    noted = len((folder / 'seconds.csv').read_text().splitlines()) - 1
    assert 1 <= noted < 120
    if number != signal.SIGKILL:
        assert f'interrupted: {noted} of 120 samples are filled' in output
    for path in folder.glob('s*.png'):  # one that is being written has another name
        assert cv2.imread(str(path)).shape == (48, 64, 3)
    rows = score_words(benchmark, ['biharmonic'], tmp_path / 'out')['biharmonic']
    assert len(rows) == 120 and not list(folder.glob('.*'))
