import random
import re
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.hooks import Hook
from mmengine.model import BaseModel, MMDistributedDataParallel
from mmengine.runner import IterBasedTrainLoop, Runner
from skimage import data
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mmpconv.engine.hooks import ValidationSheetHook
from mmpconv.engine.hooks.validation_sheet import MAX_SIDE, contact_sheet, draw_sheet, evenly_spread, to_picture
from mmpconv.registry import DATASETS, HOOKS, MODELS

ROOT = Path(__file__).parents[2]
DEMO = ROOT / 'configs/partial_conv/pconv_demo_1xb8_photos-128x128.py'
SIZE = 32


@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    root = tmp_path_factory.mktemp('photos')
    for part, count in (('train', 2), ('val', 5)):
        (root / part).mkdir()
        for number in range(count):
            cv2.imwrite(str(root / part / f'{number}.png'), data.astronaut()[60 * number:60 * number + 200, :200, ::-1])
    return root


def config(photos, work_dir, hooks=(dict(type='ValidationSheetHook'), ), visualizer='', **options):
    """The demo's, smaller: two iterations, a validation after each. ``visualizer`` is appended as a user would."""
    (work_dir / 'config.py').write_text(f"_base_ = '{DEMO}'\n{visualizer}")
    small = Config.fromfile(work_dir / 'config.py')
    small.merge_from_dict(dict(
        work_dir=str(work_dir / 'runs'), log_level='WARNING', train_cfg=dict(max_iters=2, val_interval=1),
        default_hooks=dict(logger=dict(interval=1)), randomness=dict(seed=0), custom_hooks=list(hooks),
        model=dict(encdec=dict(encoder=dict(num_layers=3, width=4), decoder=dict(num_layers=3, width=4))), **options))
    for name in ('train', 'val', 'test'):
        loader = small[f'{name}_dataloader']
        loader.update(num_workers=0, batch_size=1)
        loader.dataset.data_root = str(photos)
        for step in loader.dataset.pipeline:
            if step.type == 'LoadMask':
                step.mask_config.update(img_shape=(SIZE, SIZE), length_range=(5, 12), brush_width=(3, 8))
            if step.type == 'Resize':
                step.scale = (SIZE, SIZE)
    return small


@pytest.fixture
def inpainting(photos, tmp_path):
    """Model and validation data of that config."""
    small = config(photos, tmp_path)
    return MODELS.build(small.model).eval(), DATASETS.build(small.val_dataloader.dataset)


def tiles(sheet, row):
    """The four tiles of a sample of a sheet with all samples in one row, in RGB."""
    block = sheet.shape[1] * row // 5
    return [sheet[16:16 + SIZE, block + 3 + (SIZE + 6) * column:][:, :SIZE] for column in range(4)]


def test_a_sheet_holds_input_output_composite_and_truth(inpainting):
    model, dataset = inpainting
    sheet = draw_sheet(model, dataset, 5)
    for index in range(5):
        sample = dataset[index]
        photo = cv2.imread(sample['data_samples'].gt_path)
        truth = cv2.resize(photo, (SIZE, SIZE))[..., ::-1]
        hole = sample['data_samples'].mask[0].bool().numpy()
        shown, output, composite, shown_truth = tiles(sheet, index)
        assert np.array_equal(shown_truth, truth)
        assert np.array_equal(shown[~hole], truth[~hole]) and (abs(shown[hole].astype(int) - 127) <= 1).all()
        assert np.array_equal(composite[~hole], truth[~hole]) and np.array_equal(composite[hole], output[hole])
        inputs = model.data_preprocessor(pseudo_collate([dataset[index]]))['inputs']
        network = model.generator(inputs, torch.from_numpy(1. - hole).float().expand(1, 3, -1, -1))[0][0]
        expected = ((network.detach() * 127.5 + 127.5).clamp(0, 255).round()).permute(1, 2, 0).numpy()[..., ::-1]
        assert np.array_equal(output, expected), 'the direct output, also outside of the hole'


class Recorder(Hook):
    """Keeps weights, metrics and random states around the sheet."""

    def __init__(self):
        self.metrics, self.states = [], []

    def after_val_epoch(self, runner, metrics=None):
        self.metrics.append(metrics)
        self.states.append((random.getstate(), torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(),
                            runner.model.training))

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.metrics.append(float(outputs['loss']))


def trained(photos, work_dir, *hooks, **options):
    work_dir.mkdir(exist_ok=True)
    recorder = Recorder()
    runner = Runner.from_cfg(config(photos, work_dir, hooks, **options))
    runner.register_hook(recorder, 'LOWEST')
    runner.train()
    return recorder, sorted(work_dir.glob('runs/*/vis_data/vis_image/*'))


def test_each_validation_gives_a_picture_and_changes_nothing_else(photos, tmp_path):
    without, none = trained(photos, tmp_path / 'without')
    # Random holes, drawn while the sheet is made.
    recorder, pictures = trained(photos, tmp_path / 'with', dict(type='ValidationSheetHook', count=3))
    assert none == []
    assert [picture.name for picture in pictures] == ['validation_sheet_1.png', 'validation_sheet_2.png']
    assert recorder.metrics == without.metrics and recorder.states == without.states


def test_a_validation_alone_needs_no_training_data(photos, tmp_path):
    alone = config(photos, tmp_path)
    alone.train_dataloader.dataset.data_root = '/nowhere'
    Runner.from_cfg(alone).val()
    assert [picture.name for picture in tmp_path.glob('runs/*/vis_data/vis_image/*')] == ['validation_sheet_0.png']


def test_random_holes_are_the_same_at_each_validation(inpainting):
    model, dataset = inpainting
    for step in dataset.pipeline.transforms:
        if type(step).__name__ == 'LoadMask':
            step.seed = None
    first = draw_sheet(model, dataset, 4)
    np.random.seed(7)
    assert np.array_equal(draw_sheet(model, dataset, 4), first)


def test_mmagics_visualisation_goes_on_beside_it(photos, tmp_path):
    _, pictures = trained(photos, tmp_path, dict(type='BasicVisualizationHook', interval=2),
                          dict(type='ValidationSheetHook'))
    names = {picture.stem for picture in pictures}
    assert {'validation_sheet_1', 'validation_sheet_2', '1_1', '3_1', '1_2', '3_2'} == names
    row = cv2.imread(str(next(picture for picture in pictures if picture.stem == '1_2')))
    assert row.shape == (SIZE, 3 * SIZE, 3)


def test_the_documented_lines_give_tensorboard_losses_and_sheets(photos, tmp_path):
    page = (ROOT / 'docs/data.md').read_text()
    lines = re.search(r'^visualizer = .*\n', page, re.MULTILINE)[0]
    _, pictures = trained(photos, tmp_path, dict(type='ValidationSheetHook'), visualizer=lines)
    file, = tmp_path.glob('runs/*/vis_data/events.out.tfevents*')
    events = EventAccumulator(str(file)).Reload()
    assert [event.step for event in events.Scalars('loss')] == [1, 2]
    assert [event.step for event in events.Scalars('PSNR')] == [1, 2]
    sheets = events.Images('validation_sheet')
    assert [sheet.step for sheet in sheets] == [1, 2]
    for sheet, picture in zip(sheets, pictures):
        shown = cv2.imdecode(np.frombuffer(sheet.encoded_image_string, np.uint8), cv2.IMREAD_COLOR)
        assert np.array_equal(shown, cv2.imread(str(picture)))


def a_runner(model, dataset, **loop):
    train_loop = IterBasedTrainLoop.__new__(IterBasedTrainLoop)
    drawn = []
    visualizer = SimpleNamespace(add_image=lambda name, image, step: drawn.append((name, step)))
    return drawn, SimpleNamespace(
        model=model, iter=30, _train_loop=train_loop, visualizer=visualizer,
        val_loop=SimpleNamespace(**(loop or dict(dataloader=SimpleNamespace(dataset=dataset)))))


def test_several_validation_sets_have_a_sheet_each(inpainting):
    model, dataset = inpainting
    loader = SimpleNamespace(dataset=dataset)
    drawn, runner = a_runner(model, dataset, dataloaders=[loader, loader])
    ValidationSheetHook(count=1).after_val_epoch(runner)
    assert drawn == [('validation_sheet', 30), ('validation_sheet_1', 30)]


def test_only_the_main_process_draws_and_needs_no_other(inpainting, monkeypatch):
    """The model is in a wrapper whose forward would wait for the other process."""
    model, dataset = inpainting
    wrapper = MMDistributedDataParallel.__new__(MMDistributedDataParallel)
    torch.nn.Module.__init__(wrapper)
    wrapper.module = model
    drawn, runner = a_runner(wrapper, dataset)
    hook = ValidationSheetHook(count=1)
    monkeypatch.setattr('mmengine.dist.utils.get_rank', lambda group=None: 1)
    hook.after_val_epoch(runner)
    assert drawn == []
    monkeypatch.setattr('mmengine.dist.utils.get_rank', lambda group=None: 0)
    hook.after_val_epoch(runner)
    assert drawn == [('validation_sheet', 30)]


class NoInpaintor(BaseModel):
    forward = None


def test_models_without_an_output_are_refused_before_the_training():
    _, runner = a_runner(NoInpaintor(), [])
    hook = HOOKS.build(dict(type='ValidationSheetHook'))
    for start in (hook.before_train, hook.before_val):
        with pytest.raises(TypeError, match='NoInpaintor has not: take the hook out'):
            start(runner)
    runner.val_loop = None
    hook.before_train(runner)
    with pytest.raises(ValueError, match='at least 1'):
        ValidationSheetHook(count=0)


def test_the_weights_that_were_scored_are_shown():
    from mmengine.hooks import EMAHook
    from mmengine.runner import get_priority
    assert get_priority(ValidationSheetHook.priority) < get_priority(EMAHook.priority)


def test_inpainting_configs_have_the_hook():
    for path in ('configs/_base_/default_runtime.py', DEMO):
        assert dict(type='ValidationSheetHook') in Config.fromfile(ROOT / path).custom_hooks


@pytest.mark.parametrize('count, length, expected', [
    (3, 9, [0, 4, 8]), (1, 5, [0]), (4, 2, [0, 1]), (5, 5, [0, 1, 2, 3, 4])])
def test_samples_are_spread_from_the_first_to_the_last(count, length, expected):
    assert evenly_spread(count, length) == expected


def test_pictures_are_rgb_bytes_and_not_too_large():
    image = torch.tensor([10.4, -3, 300]).view(3, 1, 1).expand(-1, 4, 6)
    assert (to_picture(image) == [255, 0, 10]).all() and to_picture(image).shape == (4, 6, 3)
    assert to_picture(torch.zeros(1, 2 * MAX_SIDE, 100)).shape == (MAX_SIDE, 50, 3)


def test_tiles_of_different_sizes_keep_their_pixels_and_captions_stay_inside():
    rng = np.random.default_rng(0)
    samples = [[rng.integers(0, 256, (h, w, 3), np.uint8) for h, w in sizes]
               for sizes in (((20, 300), (40, 90)), ((30, 100), (10, 500)))]
    sheet = contact_sheet(samples, ['left', 'right'], [['ä' * 900, ''], ['short', 'line']])
    block = sheet.shape[1]
    assert block == 300 + 500 + 2 * 6
    first, second = np.split(sheet, 2)
    assert np.array_equal(first[16:36, 3:303], samples[0][0]) and np.array_equal(first[16:56, 309:399], samples[0][1])
    assert np.array_equal(second[16:46, 3:103], samples[1][0])
    assert (first[:, -3:] == 255).all(), 'a name that is too long is cut'
    assert (first[56:72] < 255).any() and (first[72:] == 255).all()
