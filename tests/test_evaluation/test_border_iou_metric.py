"""``BorderIoUMetric`` against a plain loop over pixels."""
import math

import numpy as np
import pytest
import torch
from mmengine.registry import METRICS, DefaultScope

import mmpconv  # noqa: F401  (registers the metric)
from mmpconv.evaluation import BorderIoUMetric

CLASSES, IGNORED = ('sky', 'road', 'car'), 3


def sample(height, width, seed):
    """Random labels, one of them without a car, and a prediction that is right in two thirds of the pixels."""
    generator = np.random.default_rng(seed)
    label = generator.integers(0, 4, (height, width))
    if seed == 0:
        label[label == 2] = 0
    prediction = np.where(generator.random((height, width)) < 0.67, np.minimum(label, 2),
                          generator.integers(0, 3, (height, width)))
    return prediction, label


def as_data_sample(prediction, label):
    return dict(pred_sem_seg=dict(data=torch.tensor(prediction)[None]),
                gt_sem_seg=dict(data=torch.tensor(label)[None]))


def scores(pairs, **arguments):
    metric = BorderIoUMetric(ignore_index=IGNORED, **arguments)
    metric.dataset_meta = dict(classes=CLASSES)
    for start in range(0, len(pairs), 2):
        metric.process({}, [as_data_sample(*pair) for pair in pairs[start:start + 2]])
    return metric.evaluate(len(pairs))


def by_loop(pairs, inside):
    """Mean IoU and pixel accuracy, in percent, of the pixels for which ``inside`` holds of the distance to the edge."""
    both, either, right, all_of_them = np.zeros(3), np.zeros(3), 0, 0
    for prediction, label in pairs:
        height, width = label.shape
        for y in range(height):
            for x in range(width):
                p, t = prediction[y, x], label[y, x]
                if t == IGNORED or not inside(min(y, x, height - 1 - y, width - 1 - x)):
                    continue
                both[t] += p == t
                right += p == t
                all_of_them += 1
                for c in {p, t}:
                    either[c] += 1
    shown = [100 * b / e for b, e in zip(both, either) if e]
    return math.fsum(shown) / len(shown), 100 * right / all_of_them


@pytest.mark.parametrize('sizes', [[(20, 31), (25, 18), (17, 40)]])
def test_every_region_is_scored_as_a_plain_loop_over_its_pixels_scores_it(sizes):
    pairs = [sample(*size, seed) for seed, size in enumerate(sizes)]
    found = scores(pairs, widths=(1, 4))
    regions = {'': lambda d: True, '/border1': lambda d: d < 1, '/interior1': lambda d: d >= 1,
               '/border4': lambda d: d < 4, '/interior4': lambda d: d >= 4}
    assert set(found) == {f'{name}{region}' for name in ('aAcc', 'mIoU', 'mAcc') for region in regions}
    for region, inside in regions.items():
        iou, accuracy = by_loop(pairs, inside)
        # MMSegmentation rounds to two decimals and sums in float32.
        assert found[f'mIoU{region}'] == pytest.approx(iou, abs=0.0051)
        assert found[f'aAcc{region}'] == pytest.approx(accuracy, abs=0.0051)
    assert len(set(found.values())) > 8


def test_convention_the_outermost_pixels_are_in_a_frame_of_width_one():
    label = np.zeros((6, 7), int)
    prediction = label.copy()
    prediction[0, 3] = 1
    found = scores([(prediction, label)], widths=(1, 2))
    assert found['aAcc/interior1'] == 100 and found['aAcc/border1'] == pytest.approx(100 * 21 / 22, abs=0.0051)
    prediction[0, 3], prediction[1, 3] = 0, 1
    found = scores([(prediction, label)], widths=(1, 2))
    assert found['aAcc/border1'] == 100 == found['aAcc/interior2'] and found['aAcc/interior1'] < 100


def test_a_class_that_a_region_does_not_have_is_left_out_of_its_mean():
    label = np.zeros((8, 8), int)
    label[3:5, 3:5] = 2
    found = scores([(label, label)], widths=(2, ))
    assert found['mIoU/border2'] == found['mIoU/interior2'] == 100


def test_the_labels_are_left_as_they_are():
    prediction, label = sample(12, 12, 1)
    data = as_data_sample(prediction, label)
    metric = BorderIoUMetric(widths=(3, ), ignore_index=IGNORED)
    metric.dataset_meta = dict(classes=CLASSES)
    metric.process({}, [data])
    assert np.array_equal(data['gt_sem_seg']['data'][0], label)
    assert np.array_equal(data['pred_sem_seg']['data'][0], prediction)


@pytest.mark.parametrize('scope', ['mmseg', 'mmpretrain', 'mmengine'])
def test_a_config_of_any_library_finds_it_by_its_name(scope):
    with DefaultScope.overwrite_default_scope(scope):
        metric = METRICS.build(dict(type='BorderIoUMetric', widths=(5, ), ignore_index=11))
    assert type(metric) is BorderIoUMetric and metric.widths == (5, ) and metric.ignore_index == 11


@pytest.mark.parametrize('widths', [(), (8, 0)])
def test_widths_that_are_none_are_refused(widths):
    with pytest.raises(ValueError, match=r'widths is \(.*must be widths of frames in pixels'):
        BorderIoUMetric(widths=widths)


def test_a_frame_without_an_interior_is_refused():
    with pytest.raises(ValueError, match='a frame of 6 pixels leaves no interior of a label of 40 x 12 pixels'):
        scores([sample(12, 40, 0)], widths=(2, 6))


def test_predictions_are_written_without_a_ground_truth(tmp_path):
    metric = BorderIoUMetric(output_dir=str(tmp_path), format_only=True)
    metric.dataset_meta = dict(classes=CLASSES)
    prediction, _ = sample(9, 9, 0)
    metric.process({}, [dict(pred_sem_seg=dict(data=torch.tensor(prediction)[None]), img_path='a.png')])
    assert (tmp_path / 'a.png').is_file() and metric.evaluate(1) == {}
