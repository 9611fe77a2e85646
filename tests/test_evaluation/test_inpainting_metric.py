"""The registered metric: means by group against loops over scikit-image and MMagic, its file, its errors."""
import csv
import json
import math
from collections import defaultdict
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import skimage.data
import torch
from mmengine.logging import MMLogger
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from mmpconv.errors import LaunchError
from mmpconv.evaluation import InpaintingMetric
from mmpconv.evaluation.image_metrics import ImageScore, mean_scores
from mmpconv.registry import EVALUATORS, METRICS

SIZE = (40, 50)
# Hole pixels of 2000, and whether they touch the border.
HOLES = [(120, False), (390, True), (390, True), (390, False), (900, True), (1300, False), (10, True)]
BINS = ['0.01-0.1', '0.1-0.2', '0.1-0.2', '0.1-0.2', '0.4-0.5', None, None]
NAMES = ['astronaut', 'chelsea', 'coffee', 'rocket'] * 2


def mask_of(pixels, border):
    """The first pixels, row by row: of the image, or of what lies inside its frame."""
    mask = np.zeros(SIZE, np.uint8)
    part = mask if border else mask[1:-1, 1:-1]
    part[np.unravel_index(range(pixels), part.shape)] = 1
    return mask


def sample_of(index):
    """What MMagic's evaluator hands out: the composite is not rounded."""
    photo = cv2.resize(getattr(skimage.data, NAMES[index])()[..., ::-1], SIZE[::-1], interpolation=cv2.INTER_AREA)
    mask = torch.from_numpy(mask_of(*HOLES[index]))[None]
    gt = torch.from_numpy(photo.copy()).permute(2, 0, 1)
    noise = torch.from_numpy(np.random.default_rng(index).normal(0, 20, gt.shape))
    return dict(gt_img=gt, mask=mask, sample_idx=index, gt_path=f'photos/{index}, {NAMES[index]}.png',
                output=dict(pred_img=torch.where(mask == 1, gt + noise, gt.double()).clamp(0, 255)))


def as_bytes(tensor):
    return np.rint(tensor.numpy()).astype(np.uint8).transpose(1, 2, 0)


def scores_of(sample):
    """By scikit-image and numpy."""
    pred, gt = as_bytes(sample['output']['pred_img']), as_bytes(sample['gt_img'])
    difference = np.abs(pred.astype(float) - gt) / 255 * 100
    return dict(
        l1=difference.mean(), l1_hole=difference[sample['mask'][0].numpy() == 1].mean(),
        psnr=peak_signal_noise_ratio(gt, pred),
        ssim=structural_similarity(gt, pred, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                                   channel_axis=2, data_range=255))


def evaluate(metrics, samples, size=None):
    """Through MMagic's evaluator, as in its loops, in batches of three."""
    evaluator = EVALUATORS.build(dict(type='Evaluator', metrics=metrics))
    module = SimpleNamespace(data_preprocessor=SimpleNamespace(device=torch.device('cpu')))
    evaluator.prepare_metrics(module, SimpleNamespace(dataset=range(size or len(samples))))
    for start in range(0, len(samples), 3):
        evaluator.process(samples[start:start + 3], None, evaluator.metrics)
    return evaluator.evaluate()


@pytest.fixture(scope='module')
def samples():
    return [sample_of(index) for index in range(len(HOLES))]


def test_means_by_bin_and_contact_with_the_border_are_those_of_plain_loops(samples):
    values = defaultdict(list)
    for sample, (_, border), hole_bin in zip(samples, HOLES, BINS):
        groups = ['']
        if hole_bin:
            flag = 'border/' if border else 'no_border/'
            groups += [flag, f'{hole_bin}/', f'{hole_bin}/{flag}']
        for group in groups:
            values[f'{group}count'].append(1)
            for name, value in scores_of(sample).items():
                values[group + name].append(value)
    expected = {key: len(all_) if key.endswith('count') else np.mean(all_) for key, all_ in values.items()}
    found = evaluate([InpaintingMetric()], samples)
    assert found == pytest.approx(expected, abs=1e-9)
    assert found['count'] == 7 and found['0.1-0.2/count'] == 3 and found['border/count'] == 3
    assert json.loads(json.dumps(found)) == found


def test_mmagics_metrics_beside_it_agree(samples):
    """They do not round, which is a quarter of a step on average."""
    found = evaluate([METRICS.build(config) for config in (
        dict(type='MAE', mask_key='mask', scaling=100), dict(type='PSNR'), dict(type='SSIM'),
        dict(type='InpaintingMetric', metric=['psnr', 'ssim', 'l1_hole']))], samples)
    assert found['l1_hole'] == pytest.approx(float(found['MAE']), abs=0.02)
    assert found['psnr'] == pytest.approx(float(found['PSNR']), abs=0.01)
    assert found['ssim'] == pytest.approx(float(found['SSIM']), abs=1e-3)
    assert 'l1' not in found


def test_convention_images_are_rounded_as_when_they_are_written(tmp_path, samples):
    written = []
    for number, sample in enumerate(samples):
        path = str(tmp_path / f'{number}.png')
        cv2.imwrite(path, cv2.convertScaleAbs(sample['output']['pred_img'].permute(1, 2, 0).numpy()))
        pred = torch.from_numpy(cv2.imread(path)).permute(2, 0, 1)
        written.append({**sample, 'output': dict(pred_img=pred)})
    assert evaluate([InpaintingMetric()], samples) == evaluate([InpaintingMetric()], written)


def test_scores_of_each_image_are_written_with_all_digits_in_the_order_of_samples(tmp_path, samples):
    path = tmp_path / 'made/per_image.csv'
    shuffled = [samples[index] for index in (3, 0, 6, 5, 1, 4, 2)]
    found = evaluate([InpaintingMetric(csv=str(path))], shuffled)
    with path.open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ['name', 'sample_idx', 'hole_ratio', 'bin', 'border', 'l1', 'l1_hole', 'psnr', 'ssim']
    assert [row['sample_idx'] for row in rows] == list('0123456')
    for row, sample, (pixels, border), hole_bin in zip(rows, samples, HOLES, BINS):
        assert row['name'] == sample['gt_path']
        assert float(row['hole_ratio']) == pixels / 2000
        assert (row['bin'], row['border']) == (hole_bin or '', str(border))
        assert {key: float(row[key]) for key in scores_of(sample)} == pytest.approx(scores_of(sample), abs=1e-9)
    assert found['psnr'] == math.fsum(float(row['psnr']) for row in rows) / 7, 'the digits are all there'


def test_sums_are_exact_before_they_are_rounded():
    """A float adds 1 to 1e16 in vain."""
    scores = [ImageScore(name='', sample_idx=0, hole_ratio=0.05, border=False, values=dict(psnr=value))
              for value in (1e16, 1.0, -1e16)]
    assert mean_scores(scores)['0.01-0.1'] == dict(psnr=1 / 3, count=3)


def test_the_order_of_samples_changes_no_digit(samples):
    found = evaluate([InpaintingMetric()], samples)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(samples))
        assert evaluate([InpaintingMetric()], [samples[index] for index in order]) == found


def test_a_relative_path_is_below_the_folder_of_the_log(tmp_path, samples):
    MMLogger.get_instance('metric-test', log_file=str(tmp_path / 'run.log'))
    evaluate([InpaintingMetric(metric='l1', csv='scores.csv')], samples)
    assert len((tmp_path / 'scores.csv').read_text().splitlines()) == 8


def test_the_log_has_a_table_and_says_how_many_are_in_no_bin(tmp_path, samples):
    MMLogger.get_instance('metric-log', log_file=str(tmp_path / 'run.log'))
    found = evaluate([InpaintingMetric(metric=['psnr'])], samples)
    log = (tmp_path / 'run.log').read_text()
    assert '2 of 7 masks have a hole ratio in none of the bins' in log
    table = {line.split()[0]: line.split()[1:] for line in log.splitlines() if line.endswith(('count', *'1234567'))}
    assert table['holes'] == ['psnr', 'count']
    assert table['all'] == [f'{found["psnr"]:.4f}', '7']
    assert table['0.1-0.2/border'] == [f'{found["0.1-0.2/border/psnr"]:.4f}', '2']


class ListOfImages:
    """In place of FID: how many images were added in all, and in a bin."""

    def __init__(self):
        self.added = []

    def to(self, device):
        return self

    def add(self, pred, gt, hole_bin, border):
        assert not np.array_equal(pred, gt)
        self.added.append((hole_bin, border))

    def gather(self):
        self.gathered = True

    def distances(self):
        assert self.gathered
        return {'': len(self.added), '0.4-0.5': self.added.count(('0.4-0.5', True))}

    def reset(self):
        self.added.clear()


def test_fid_takes_in_each_image_once_with_its_group(monkeypatch, samples):
    """Not those that pad the last batch either, which cannot be taken out of its sums afterwards."""
    monkeypatch.setattr('mmpconv.evaluation.inpainting_metric.FID', ListOfImages)
    metric = InpaintingMetric(metric=['fid'])
    for _ in range(2):
        found = evaluate([metric], [*samples, *samples[:2]], size=7)
        assert {key: value for key, value in found.items() if key.endswith('fid')} == {'fid': 7, '0.4-0.5/fid': 1}
        assert found['count'] == 7


def test_samples_that_pad_the_last_batch_do_not_count(samples):
    metric = InpaintingMetric()
    assert evaluate([metric], [*samples, *samples[:2]], size=7) == evaluate([InpaintingMetric()], samples)


def test_a_second_evaluation_knows_nothing_of_the_first(samples):
    metric = InpaintingMetric()
    evaluate([metric], samples)
    assert evaluate([metric], samples[:3]) == evaluate([InpaintingMetric()], samples[:3])


def test_lpips_is_one_of_the_scores(monkeypatch, tmp_path, samples):
    """Of its two images and of no others."""
    from perceptual_weights import save_backbone

    from mmpconv.evaluation import LPIPS
    options = dict(net='squeeze', backbone=save_backbone(tmp_path / 'squeeze.pth', 'squeeze'))
    found = evaluate([InpaintingMetric(metric=['lpips', 'l1'], lpips=options)], samples)
    distance = LPIPS(**options)
    expected = [distance(as_bytes(sample['output']['pred_img']), as_bytes(sample['gt_img'])) for sample in samples]
    assert found['lpips'] == pytest.approx(np.mean(expected), rel=1e-9)
    assert found['0.4-0.5/lpips'] == expected[4] > 0


@pytest.mark.parametrize('metric', [['l1', 'pnsr'], 'PSNR', []])
def test_unknown_metrics_are_refused_at_once(metric):
    with pytest.raises(LaunchError, match='but it must be a list of some of l1, l1_hole, psnr, ssim, lpips, fid'):
        InpaintingMetric(metric=metric)


def test_wrong_options_of_networks_are_refused_at_once():
    with pytest.raises(LaunchError, match="the net of LPIPS is 'resnet' but must be one of alex, vgg, squeeze"):
        InpaintingMetric(metric=['lpips'], lpips=dict(net='resnet'))
    with pytest.raises(LaunchError, match="unexpected keyword argument 'path'"):
        InpaintingMetric(metric=['fid'], fid=dict(path='inception.pth'))


@pytest.mark.parametrize('change, message', [
    (dict(mask=None), 'needs mask as a tensor .* but sample photos/0, astronaut.png has none'),
    (dict(output={}), 'needs pred_img as a tensor'),
    (dict(gt_img=torch.zeros(3, 40, 51)), 'astronaut.png cannot be evaluated: pred is 40 x 50 pixels and gt 40 x 51'),
    (dict(mask=torch.zeros(1, 50, 40)), r'astronaut.png cannot be evaluated: mask must be of shape \(40, 50, 1\)'),
    (dict(gt_img=torch.zeros(2, 3, 40, 50)), r'needs gt_img as a tensor .* has Tensor \(2, 3, 40, 50\)'),
    (dict(output=dict(pred_img=torch.full((3, *SIZE), math.nan))), 'pred_img of sample .*astronaut.png is not finite')])
def test_samples_that_cannot_be_evaluated_are_named(change, message, samples):
    with pytest.raises(LaunchError, match=message):
        evaluate([InpaintingMetric()], [{**samples[0], **change}])


def test_an_empty_data_set_is_refused():
    with pytest.raises(LaunchError, match='was given no sample'):
        evaluate([InpaintingMetric()], [])
