"""Scores of a small benchmark, which numpy and scikit-image compute again."""
import csv

import cv2
import numpy as np
import pytest
import skimage.metrics
from benchmark_samples import SIZE, make_benchmark, score_words

from mmpconv.benchmark.fill import Fillings
from mmpconv.benchmark.methods import parse_methods
from mmpconv.benchmark.results import Results
from mmpconv.benchmark.score import Scores
from mmpconv.benchmark.table import notes
from mmpconv.errors import LaunchError


@pytest.fixture(scope='module')
def benchmark(tmp_path_factory):
    return make_benchmark(tmp_path_factory.mktemp('benchmark') / 'tiny')


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


@pytest.mark.parametrize('jobs', [1, 3])
def test_scores_are_those_of_numpy_and_scikit_image(benchmark, tmp_path, jobs):
    rows = score_words(benchmark, ['mean'], tmp_path, jobs=jobs)['mean']
    assert [row['id'] for row in rows] == [sample.id for sample in benchmark.samples]
    for row, sample in zip(rows, benchmark.samples):
        truth, mask = benchmark.image(sample), benchmark.mask(sample)
        mean = np.round(truth[mask[..., 0] == 0].mean(0))
        for name, value in expected(truth, mask, np.broadcast_to(mean, truth.shape)).items():
            assert row[name] == pytest.approx(value, abs=1e-6), name
        assert (row['bin'], row['border'], row['hole_ratio']) == (sample.bin, int(sample.border), mask.mean())
        assert row['changed_outside'] == 0 and row['seconds'] > 0


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
    rows = score_words(benchmark, [f'theirs={pictures}'], tmp_path / 'out')
    for row, sample in zip(rows['theirs'], benchmark.samples):
        truth, mask = benchmark.image(sample), benchmark.mask(sample)
        for name, value in expected(truth, mask, np.minimum(truth, 253) + 2).items():
            assert row[name] == pytest.approx(value, abs=1e-6), name
        shown = cv2.imread(str(tmp_path / f'out/methods/theirs/{sample.id}.png'))
        assert (shown == np.where(mask == 1, np.minimum(truth, 253) + 2, truth)).all()
    fillings = Fillings(tmp_path / 'out/methods/theirs', 'theirs')
    fillings.check(dict(benchmark_sha256=benchmark.sha256, **method.check(benchmark)), False)
    lines = notes(Results(rows, benchmark.bins, {}), benchmark, [method], [fillings])
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
def test_a_picture_that_cannot_be_used_is_named_before_anything_is_filled(
        benchmark, pictures, tmp_path, break_it, message):
    break_it(pictures / 's0007.png')
    with pytest.raises(LaunchError, match=message):
        score_words(benchmark, ['mean', f'theirs={pictures}'], tmp_path / 'out')
    assert not (tmp_path / 'out/methods').exists()


def test_grey_pictures_and_16_bits_are_fine(benchmark, pictures, tmp_path):
    grey = np.full(SIZE, 100, np.uint8)
    cv2.imwrite(str(pictures / 's0000.png'), grey)
    cv2.imwrite(str(pictures / 's0001.png'), grey.astype(np.uint16) * 257)
    rows = score_words(benchmark, [f'theirs={pictures}'], tmp_path / 'out')['theirs']
    for row, sample in list(zip(rows, benchmark.samples))[:2]:
        truth, mask = benchmark.image(sample), benchmark.mask(sample)
        assert row['l1'] == pytest.approx(expected(truth, mask, np.full_like(truth, 100))['l1'])


@pytest.fixture(scope='module')
def scored(benchmark, tmp_path_factory):
    """The work folder of a comparison that has ended."""
    folder = tmp_path_factory.mktemp('out')
    score_words(benchmark, ['mean'], folder)
    return folder


def scores_of(benchmark, folder, lpips=None):
    method, = parse_methods(['mean'], 'cpu')
    fillings = Fillings(folder / 'methods/mean', 'mean')
    fillings.check(dict(benchmark_sha256=benchmark.sha256, **method.check(benchmark)), False)
    scores = Scores(fillings, lpips)
    scores.check(benchmark.samples)
    return scores


def test_scores_come_back_with_all_their_digits(benchmark, scored, tmp_path):
    assert scores_of(benchmark, scored).rows == score_words(benchmark, ['mean'], scored)['mean']
    with open(scored / 'methods/mean/scores.csv', newline='') as file:
        names = next(csv.reader(file))
    assert names == ['id', 'hole_ratio', 'bin', 'border', 'l1', 'l1_hole', 'psnr', 'ssim', 'seconds', 'changed_outside']


@pytest.mark.parametrize('damage, left', [
    (lambda lines: [*lines[:4], b's00'], 3),
    (lambda lines: [*lines[:4], b's0003,0.1,a,1,1,1,1,1,1,0'], 3),
    (lambda lines: [*lines[:3], lines[4]], 2),
    (lambda lines: [*lines[:3], lines[3].replace(b'0.1-0.2,0', b'0.1-0.2')], 2),
    (lambda lines: [*lines[:3], lines[3].replace(b'0.1-0.2,0', b'0.1-0.2,no')], 2),
    (lambda lines: [b'id,hole_ratio\n', *lines[1:]], 0),
    (lambda lines: [], 0),
    (lambda lines: [*lines, lines[-1]], 12),
])
def test_scores_that_are_damaged_are_computed_again(benchmark, scored, damage, left):
    path = scored / 'methods/mean/scores.csv'
    before = path.read_bytes()
    path.write_bytes(b''.join(damage(before.splitlines(keepends=True))))
    assert len(scores_of(benchmark, scored).rows) == left
    score_words(benchmark, ['mean'], scored)
    if left < 12:
        assert path.read_bytes() == before
    path.write_bytes(before)


def test_scores_by_other_networks_are_computed_again_from_the_same_pictures(benchmark, scored):
    assert len(scores_of(benchmark, scored).rows) == 12
    assert not scores_of(benchmark, scored, lpips=dict(net='alex', backbone=None)).rows
