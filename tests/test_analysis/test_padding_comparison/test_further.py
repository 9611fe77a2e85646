"""Accuracy on crops moved from the centre, against photos that are cropped by hand."""
from pathlib import Path

import cv2
import mmcv
import numpy as np
import pytest
import torch
from comparison_runs import make_run
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmpconv.analysis.padding_comparison import further
from mmpconv.analysis.padding_comparison.further import shifted_scores
from mmpconv.analysis.padding_comparison.run import Run
from mmpconv.engine.launch import build_runner
from mmpconv.errors import LaunchError

CONFIG = Path(__file__).parents[3] / 'configs/partial_padding/photos64/resnet18-partial_1xb64_photos-64x64.py'
SHIFTS = (0, 3, 8)


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A run of one epoch on photos of another size each, and its network."""
    root = tmp_path_factory.mktemp('shifts')
    generator = np.random.default_rng(0)
    for part in ('train', 'val'):
        for number in range(3):
            (root / part / f'class{number}').mkdir(parents=True)
            for photo in range(4):
                small = generator.integers(0, 256, (9, 11, 3), dtype=np.uint8)
                cv2.imwrite(str(root / part / f'class{number}/{photo}.png'),
                            cv2.resize(small, (91 + photo, 70 + number)))
    options = ['model.head.num_classes=3', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1',
               'train_dataloader.batch_size=4',
               *(f'{loader}_dataloader.dataset.data_root={root}' for loader in ('train', 'val', 'test'))]
    run = Run('resnet18', 'partial', 0, str(CONFIG), root / 'run', 'accuracy/top1', tuple(options))
    config = Config({**run.settings['config'], 'work_dir': str(run.folder)})
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        runner = build_runner(config)
        runner.train()
    run.finish()
    model = runner.model.eval()
    # After an epoch it would say the same of all photos: a head that tells apart what is around their mean.
    with torch.no_grad():
        features = torch.cat([model.extract_feat(model.data_preprocessor(batch)['inputs'])[-1]
                              for batch in runner.val_dataloader])
        model.head.fc.weight.normal_(generator=torch.Generator().manual_seed(1))
        model.head.fc.bias.copy_(-model.head.fc.weight @ features.mean(0))
    checkpoint, = run.folder.glob('epoch_1.pth')
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    return run, model, root / 'val'


@torch.no_grad()
def accuracy_by_hand(model, folder, shift):
    right = []
    for path in sorted(folder.glob('*/*.png')):
        photo = cv2.imread(str(path))
        height, width = photo.shape[:2]
        scale = 80 / min(height, width)
        photo = mmcv.imresize(photo, (int(width * scale) if width > height else 80,
                                      80 if width > height else int(height * scale)))
        for sign_y, sign_x in ([(1, 1)] if shift == 0 else [(1, 1), (1, -1), (-1, 1), (-1, -1)]):
            top, left = (photo.shape[0] - 64) // 2 + sign_y * shift, (photo.shape[1] - 64) // 2 + sign_x * shift
            crop = photo[top:top + 64, left:left + 64, ::-1].astype(np.float32)
            crop = (crop - np.float32([123.675, 116.28, 103.53])) / np.float32([58.395, 57.12, 57.375])
            logits = model.head(model.extract_feat(torch.from_numpy(crop.transpose(2, 0, 1).copy())[None]))
            right.append(int(logits.argmax()) == int(path.parent.name[-1]))
    return 100 * sum(right) / len(right)


def test_scores_are_those_of_crops_by_hand(trained):
    run, model, folder = trained
    scores = shifted_scores(run, SHIFTS)
    expected = [accuracy_by_hand(model, folder, shift) for shift in SHIFTS]
    assert [scores[f'shift {shift}'] for shift in SHIFTS] == pytest.approx(expected) and len(set(expected)) > 1
    assert scores['shift 8 - shift 0'] == pytest.approx(expected[-1] - expected[0])


def test_windows_lie_where_the_shift_says(monkeypatch):
    seen = []

    class Model(torch.nn.Module):
        data_preprocessor = staticmethod(lambda data: data)

        def forward(self, inputs, data_samples, mode):
            seen.extend(inputs)
            return []

    photo = torch.arange(12 * 15).view(1, 12, 15)
    for window in ((2, -3), (-2, 3), (0, 0)):
        further._count_right(Model(), [dict(inputs=photo, data_samples=None)], 8, window)
    assert torch.equal(seen[0], photo[:, 4:12, 0:8])
    assert torch.equal(seen[1], photo[:, 0:8, 6:14])
    assert torch.equal(seen[2], photo[:, 2:10, 3:11])


def test_what_was_found_is_kept_until_other_shifts_are_asked_for(trained, monkeypatch):
    run, _, _ = trained
    expected = shifted_scores(run, SHIFTS)
    with monkeypatch.context() as patch:
        patch.setattr(further, '_accuracies', None)
        assert shifted_scores(run, SHIFTS) == expected
    monkeypatch.setattr(further, '_accuracies', lambda run, shifts: [50.0])
    assert shifted_scores(run, (4, )) == {'shift 4': 50.0}


def test_a_validation_without_a_centre_crop_is_refused(tmp_path):
    run = make_run(tmp_path, text="""
default_scope = 'mmpretrain'
model = dict(type='Net')
train_dataloader = dict()
val_dataloader = dict(dataset=dict(pipeline=[dict(type='LoadImageFromFile'), dict(type='mmpretrain.Resize', scale=8)]))
val_evaluator = dict(type='Accuracy')
optim_wrapper = dict(type='OptimWrapper')
train_cfg = dict(by_epoch=True, max_epochs=3)
val_cfg = dict()
""")
    with pytest.raises(LaunchError, match='needs a validation with ResizeEdge and CenterCrop, .* LoadImageFromFile'):
        shifted_scores(run, (0, 8))


def test_a_run_without_its_last_checkpoint_is_refused(trained):
    run, _, _ = trained
    checkpoint, = run.folder.glob('epoch_*.pth')
    hidden = checkpoint.rename(run.folder / 'hidden')
    try:
        with pytest.raises(LaunchError, match='has no checkpoint of its end'):
            shifted_scores(run, (0, 1))
    finally:
        hidden.rename(checkpoint)
