"""Scores of a small benchmark, which numpy and scikit-image compute again."""
import csv
import os
import signal

import cv2
import numpy as np
import pytest
import skimage.metrics
from benchmark_samples import SIZE, make_benchmark, score_words

from mmpconv.benchmark.baseline import Baseline
from mmpconv.benchmark.filling import fill, worker_processes
from mmpconv.benchmark.method import Method
from mmpconv.benchmark.method_names import parse_methods
from mmpconv.benchmark.notes import notes
from mmpconv.benchmark.results import Results
from mmpconv.benchmark.scoring import score
from mmpconv.errors import LaunchError


@pytest.fixture(scope='module')
def benchmark(tmp_path_factory):
    return make_benchmark(tmp_path_factory.mktemp('benchmark') / 'tiny')


class Grey(Method):
    """Fills with grey, and makes what is outside the hole brighter."""
    in_processes = False

    def __init__(self, grey=90, outside=0):
        super().__init__('grey')
        self.grey, self.outside, self.batches = grey, outside, []

    def check(self, benchmark):
        return {}

    def fill(self, samples, images, masks):
        self.batches.append([sample.id for sample in samples])
        assert all(not image[mask[..., 0] == 1].any() for image, mask in zip(images, masks))
        return [np.where(mask == 1, np.uint8(self.grey), cv2.add(image, (self.outside, ) * 4))
                for image, mask in zip(images, masks)]


class Killed(Grey):
    """Its process dies, as for lack of memory."""
    in_processes = True

    def fill(self, samples, images, masks):
        os.kill(os.getpid(), signal.SIGKILL)


def scores_of(benchmark, method, batch_size=5):
    return list(fill(method, benchmark, benchmark.samples, score, None, 2, batch_size))


def expected(truth, mask, picture):
    hole = mask[..., 0] == 1
    completed = truth.copy()
    completed[hole] = picture[hole]
    error = np.abs(completed.astype(float) - truth) / 255 * 100
    return dict(
        l1=error.mean(), l1_hole=error[hole].mean(),
        psnr=skimage.metrics.peak_signal_noise_ratio(truth, completed, data_range=255),
        ssim=skimage.metrics.structural_similarity(
            truth, completed, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, channel_axis=2,
            data_range=255))


def read(path):
    with path.open(newline='') as file:
        return list(csv.DictReader(file))


def test_scores_are_those_of_numpy_and_scikit_image(benchmark):
    rows = scores_of(benchmark, Grey(90))
    assert [row['id'] for row in rows] == [sample.id for sample in benchmark.samples]
    for row, sample in zip(rows, benchmark.samples):
        truth, mask = benchmark.image(sample), benchmark.mask(sample)
        for name, value in expected(truth, mask, np.full_like(truth, 90)).items():
            assert row[name] == pytest.approx(value, abs=1e-6), name
        assert (row['bin'], row['border'], row['hole_ratio']) == (sample.bin, int(sample.border), mask.mean())


def test_methods_do_not_see_the_truth_and_get_batches_in_order(benchmark):
    method = Grey()
    scores_of(benchmark, method, batch_size=5)
    ids = [sample.id for sample in benchmark.samples]
    assert method.batches == [ids[:5], ids[5:10], ids[10:]]


def test_what_a_method_does_outside_the_hole_is_replaced_and_noted(benchmark):
    clean, dirty = scores_of(benchmark, Grey()), scores_of(benchmark, Grey(outside=7))
    assert {row['changed_outside'] for row in clean} == {0}
    assert {row['changed_outside'] for row in dirty} == {7}
    for one, other in zip(clean, dirty):
        assert all(one[name] == other[name] for name in ('l1', 'l1_hole', 'psnr', 'ssim'))


def test_pictures_are_read_no_further_ahead_than_a_batch(benchmark, monkeypatch):
    """Memory does not grow with the number of samples."""
    seen = []
    image = type(benchmark).image
    monkeypatch.setattr(type(benchmark), 'image', lambda self, sample: seen.append(sample) or image(self, sample))
    rows = fill(Grey(), benchmark, benchmark.samples, score, None, 2, batch_size=3)
    for number in range(1, 8):
        next(rows)
        assert len(seen) == 3 * -(-number // 3)


def test_processes_work_no_further_ahead_than_two_tasks_each(benchmark):
    class Samples(list):
        taken = 0

        def __iter__(self):
            for sample in super().__iter__():
                self.taken += 1
                yield sample

    samples = Samples(benchmark.samples)
    with worker_processes(2, benchmark) as processes:
        rows = fill(Baseline('mean', 'mean'), benchmark, samples, score, processes, 2, 1)
        assert [next(rows)['id'] for _ in range(3)] == [sample.id for sample in benchmark.samples[:3]]
        assert samples.taken == 4 + 2
        assert len(list(rows)) == 9


def test_a_process_that_is_killed_is_reported(benchmark):
    with (pytest.raises(LaunchError, match='a process of grey was ended from outside.*use fewer --jobs'),
          worker_processes(2, benchmark) as processes):
        list(fill(Killed(), benchmark, benchmark.samples, score, processes, 2, 1))


@pytest.mark.parametrize('jobs', [1, 3])
def test_baselines_in_processes(benchmark, tmp_path, jobs):
    score_words(benchmark, ['mean'], tmp_path / 'out', jobs=jobs)
    rows = read(tmp_path / 'out/methods/mean.csv')
    assert [row['id'] for row in rows] == [sample.id for sample in benchmark.samples]
    for row, sample in zip(rows, benchmark.samples):
        truth, mask = benchmark.image(sample), benchmark.mask(sample)
        mean = np.round(truth[mask[..., 0] == 0].mean(0))
        for name, value in expected(truth, mask, np.broadcast_to(mean, truth.shape)).items():
            assert float(row[name]) == pytest.approx(value, abs=1e-6), name
        assert row['changed_outside'] == '0' and float(row['seconds']) > 0


@pytest.fixture
def pictures(benchmark, tmp_path):
    """Results of other software: the photo, two grey levels brighter everywhere."""
    folder = tmp_path / 'theirs'
    folder.mkdir()
    for sample in benchmark.samples:
        truth = benchmark.image(sample)
        cv2.imwrite(str(folder / f'{sample.id}.png'), np.minimum(truth, 253) + 2)
    return folder


def test_pictures_of_other_software(benchmark, pictures, tmp_path):
    method, = parse_methods([f'theirs={pictures}'], 'cpu')
    file, = score_words(benchmark, [f'theirs={pictures}'], tmp_path / 'out')
    for row, sample in zip(read(tmp_path / 'out/methods/theirs.csv'), benchmark.samples):
        truth, mask = benchmark.image(sample), benchmark.mask(sample)
        for name, value in expected(truth, mask, np.minimum(truth, 253) + 2).items():
            assert float(row[name]) == pytest.approx(value, abs=1e-6), name
    lines = notes(Results({'theirs': file.rows}, benchmark.bins, {}), benchmark, [method], [file])
    assert ('theirs changed pixels outside the hole in 12 of 12 pictures, by up to 2 of 255 grey levels; they were '
            'replaced by those of the photo.') in lines
    assert f'theirs: pictures of other software in `{pictures}`.' in lines


@pytest.mark.parametrize('break_it, message', [
    (lambda path: path.unlink(), 'theirs has no picture for 1 of the 12 samples.*the first is .*s0007.png'),
    (lambda path: path.write_bytes(path.read_bytes()[:400]), r'theirs: cannot read the image .*s0007.png.*again'),
    (lambda path: path.write_text('no picture'), 'theirs: cannot read the image .*s0007.png'),
    (lambda path: cv2.imwrite(str(path), np.zeros((64, 48, 3), np.uint8)),
     r's0007.png of theirs is 64 x 48 pixels \(height x width\), but the samples of .* are 48 x 64'),
], ids=['missing', 'cut off', 'no picture', 'another size'])
def test_a_picture_that_cannot_be_used_is_named_before_anything_is_scored(
        benchmark, pictures, tmp_path, break_it, message):
    break_it(pictures / 's0007.png')
    with pytest.raises(LaunchError, match=message):
        score_words(benchmark, ['mean', f'theirs={pictures}'], tmp_path / 'out')
    assert not (tmp_path / 'out/methods').exists()


def test_grey_pictures_and_16_bits_are_fine(benchmark, pictures, tmp_path):
    grey = np.full(SIZE, 100, np.uint8)
    cv2.imwrite(str(pictures / 's0000.png'), grey)
    cv2.imwrite(str(pictures / 's0001.png'), grey.astype(np.uint16) * 257)
    score_words(benchmark, [f'theirs={pictures}'], tmp_path / 'out')
    for row, sample in list(zip(read(tmp_path / 'out/methods/theirs.csv'), benchmark.samples))[:2]:
        truth, mask = benchmark.image(sample), benchmark.mask(sample)
        assert float(row['l1']) == pytest.approx(expected(truth, mask, np.full_like(truth, 100))['l1'])
