import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from known_networks import disc, plane
from mmengine.registry import DefaultScope

import mmpconv.registry
from mmpconv.apis import DEFAULT_MODEL, Inpainter, inpainting_models, trained_network
from mmpconv.apis.models import shipped_model
from mmpconv.apis.torch_network import PictureNetwork, TorchNetwork, network_of_the_package
from mmpconv.apis.trained_network import load_picture_network
from mmpconv.checkpoints.loading import file_of
from mmpconv.errors import LaunchError
from mmpconv.models import PConvInpaintor

CONFIG = '''
default_scope = '{scope}'
model = dict(
    type='PConvInpaintor', data_preprocessor=dict(type='DataPreprocessor', mean={mean}, std={std}),
    encdec=dict(type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', num_layers=4),
                decoder=dict(type='PConvDecoder', num_layers=4)), disc=None)
test_dataloader = dict(dataset=dict(pipeline=[
    dict(type='LoadImageFromFile', key='gt', channel_order='{order}'),
    dict(type='Crop', keys=['gt'], crop_size=(96, 96)), dict(type='Resize', keys=['gt'], scale=(64, 64))]))
'''
HOLE = disc(64, 96, (30, 40), 12)


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """MMagic's own inpaintor, and a checkpoint of it."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmagic'):
        model = mmpconv.registry.MODELS.build(dict(
            type='mmagic.PConvInpaintor', data_preprocessor=dict(type='mmagic.DataPreprocessor'), encdec=dict(
                type='mmagic.PConvEncoderDecoder', encoder=dict(type='mmagic.PConvEncoder', num_layers=4),
                decoder=dict(type='mmagic.PConvDecoder', num_layers=4)), disc=None)).eval()
    path = tmp_path_factory.mktemp('trained') / 'mmagic.pth'
    torch.save(dict(state_dict=model.state_dict()), path)
    return model, str(path)


@pytest.fixture
def write(tmp_path):
    def write(scope='mmpconv', order='bgr', mean=(127.5,), std=(127.5,)):
        path = tmp_path / f'{scope}_{order}.py'
        path.write_text(CONFIG.format(scope=scope, order=order, mean=list(mean), std=list(std)))
        return str(path)
    return write


@pytest.mark.parametrize('scope', ['mmpconv', 'mmagic'])
@pytest.mark.parametrize('order', ['bgr', 'rgb'])
def test_a_hole_is_filled_as_mmagic_fills_it(trained, write, scope, order):
    model, checkpoint = trained
    photo = plane(64, 96, np.uint8)
    filled = Inpainter(write(scope, order), checkpoint)(photo, HOLE)

    mask = torch.from_numpy(HOLE)[None, None].float()
    image = torch.from_numpy(photo).permute(2, 0, 1)[None] / 127.5 - 1
    image = image if order == 'rgb' else image.flip(1)
    with torch.no_grad():
        valid = (1 - mask).repeat(1, 3, 1, 1)
        output, _ = model.generator(image * valid, valid)
    output = output if order == 'rgb' else output.flip(1)
    expected = ((output[0].permute(1, 2, 0).numpy() + 1) * 127.5).clip(0, 255)
    np.testing.assert_array_equal(filled[~HOLE], photo[~HOLE])
    assert np.abs(filled - expected)[HOLE].max() < 0.51
    assert filled[HOLE].std() > 1


def test_photos_are_normalised_as_the_config_says(trained, write):
    _, checkpoint = trained
    plain = load_picture_network(write(), checkpoint)
    other = load_picture_network(write(mean=(100, 110, 120), std=(50, 60, 70)), checkpoint)
    image, hole = torch.rand(1, 3, 64, 64), torch.zeros(1, 1, 64, 64)
    hole[..., 20:40, 20:40] = 1
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in ((120., 110., 100.), (70., 60., 50.)))  # RGB
    same_to_the_generator = (image * 255 - mean) / std * 0.5 + 0.5
    expected = (plain.generator(same_to_the_generator.flip(1) * 2 - 1, 1 - hole)[0].flip(1) * std + mean) / 255
    torch.testing.assert_close(other(image, hole)[0], expected.clamp(0, 1).where(hole > 0, image), atol=1e-5, rtol=0)


def test_what_holes_hold_does_not_matter(trained, write):
    network = load_picture_network(write(), trained[1])
    image, hole = torch.rand(2, 3, 40, 52), torch.zeros(2, 1, 40, 52)
    hole[..., 10:20, 10:30] = 1
    filled, seen = network(image, hole)
    other, _ = network(image.masked_fill(hole > 0, torch.nan), hole)
    assert torch.equal(filled, other)
    assert torch.equal(filled[(hole == 0).expand_as(filled)], image[(hole == 0).expand_as(image)])
    assert seen.shape == hole.shape and (seen == 1).all()


def test_what_the_network_did_not_reach_is_told(trained, write):
    network = TorchNetwork(load_picture_network(write(), trained[1]), 'cpu')
    hole = np.ones((1, 400, 400), bool)
    hole[:, 0, 0] = False
    _, reached = network(np.zeros((1, 400, 400, 3), np.float32), hole)
    assert reached[0, 0, 0] and not reached[0, -1, -1]


def test_threads_give_what_one_gives(trained, write):
    inpainter = Inpainter(write(), trained[1])
    photos = [np.random.default_rng(seed).integers(0, 256, (64 + seed, 96, 3), np.uint8) for seed in range(4)]
    masks = [disc(*photo.shape[:2], (30, 40), 9) for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(inpainter, photos * 3, masks * 3))
    for result, photo, mask in zip(results, photos * 3, masks * 3):
        np.testing.assert_array_equal(result, inpainter(photo, mask))


def test_bfloat16_is_close(trained, write):
    photo = plane(64, 96)
    exact, low = (Inpainter(write(), trained[1], dtype=dtype)(photo, HOLE) for dtype in ('auto', 'bfloat16'))
    difference = np.abs(exact - low)[HOLE]
    assert 0 < difference.max() < 0.1


@pytest.mark.slow
def test_a_compiled_network_gives_the_same():
    model = PConvInpaintor(dict(type='DataPreprocessor'), dict(
        type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', num_layers=2, width=4),
        decoder=dict(type='PConvDecoder', num_layers=2, width=4)))
    network = PictureNetwork(model.generator, model.data_preprocessor.mean, model.data_preprocessor.std, True, 64)
    inpainters = [Inpainter(TorchNetwork(network, 'cpu', compile=compile)) for compile in (False, True)]
    for size in ((64, 96), (70, 81)):
        photo, hole = plane(*size), disc(*size, (30, 40), 9)
        eager, compiled = (inpainter(photo, hole) for inpainter in inpainters)
        np.testing.assert_allclose(compiled, eager, atol=1e-4)


def test_the_training_size_is_what_the_last_resizing_gives(trained, write, tmp_path):
    assert load_picture_network(write(), trained[1]).size == 64
    path = tmp_path / 'bare.py'
    path.write_text(CONFIG.split('test_dataloader')[0].format(scope='mmpconv', mean=[127.5], std=[127.5]))
    assert load_picture_network(str(path), trained[1]).size == 256


def test_shipped_models_are_known_by_name():
    models = {model.name: model for model in inpainting_models()}
    assert all(model.config.is_file() and model.config.stem == name for name, model in models.items())
    assert file_of(models[DEFAULT_MODEL].weights).is_file() and len(models) > 20
    assert models['pconv_stage2_4xb2_places-256x256'].weights.startswith('https://download.openmmlab.com/')
    assert shipped_model('nothing') is None and shipped_model(DEFAULT_MODEL) == models[DEFAULT_MODEL]


def test_a_name_alone_takes_the_published_weights(monkeypatch):
    asked = []

    def load(checkpoint):
        asked.append(checkpoint)
        raise LaunchError('enough')

    monkeypatch.setattr(trained_network, 'read_checkpoint', load)
    published = 'pconv_stage2_4xb2_places-256x256'
    for model, checkpoint in ((published, None), (DEFAULT_MODEL, 'https://example.org/mine.pth')):
        with pytest.raises(LaunchError, match='enough'):
            Inpainter(model, checkpoint)
    assert asked == [shipped_model(published).weights, 'https://example.org/mine.pth']


def test_the_network_of_the_package_is_the_one_that_its_config_builds():
    own = network_of_the_package()
    built = load_picture_network(DEFAULT_MODEL)
    assert (own.rgb, own.size, own.training) == (built.rgb, built.size, False)
    assert own.state_dict().keys() == built.state_dict().keys()
    for key, value in built.state_dict().items():
        assert own.state_dict()[key].equal(value), key


def test_the_network_of_the_package_fills_without_an_mm_library():
    program = '''
import sys
import numpy as np
from mmpconv.apis import Inpainter
photo, hole = np.full((64, 64, 3), 90, np.uint8), np.zeros((64, 64), bool)
hole[20:30, 20:30] = True
assert abs(Inpainter()(photo, hole).astype(int) - 90).max() < 20
heavy = {'mmagic', 'mmcv', 'torchvision', 'transformers', 'mmengine.runner'}
assert not heavy & set(sys.modules)
'''
    subprocess.run([sys.executable, '-c', program], check=True)


@pytest.mark.parametrize('model, checkpoint, message', [
    ('nothing', None, f'nothing is no model; .* as .*{DEFAULT_MODEL}'),
    ('nothing.py', 'a.pth', 'there is no config file nothing.py'),
    ('pconv_small_1xb8_photos-128x128', None, 'without a checkpoint, and there are no published weights'),
    (DEFAULT_MODEL, 'nowhere.pth', 'nowhere.pth, and there is no such file'),
])
def test_models_that_are_not_there_are_refused_with_a_sentence(model, checkpoint, message):
    with pytest.raises(LaunchError, match=message) as error:
        Inpainter(model, checkpoint)
    assert '\n' not in str(error.value)


def test_other_inpaintors_are_refused(tmp_path, trained):
    path = tmp_path / 'other.py'
    path.write_text("model = dict(type='DeepFillv1Inpaintor')")
    with pytest.raises(LaunchError, match='other.py is the config of a DeepFillv1Inpaintor'):
        Inpainter(str(path), trained[1])


@pytest.mark.parametrize('options, message', [
    (dict(device='cuda:77'), "device 'cuda:77' cannot be used here"), (dict(device='moon'), "device 'moon'"),
    (dict(dtype='int8'), "dtype is 'int8' but must be auto, float32, float16, bfloat16"),
])
def test_devices_and_dtypes_that_are_not_there_are_refused(trained, write, options, message):
    with pytest.raises(LaunchError, match=message) as error:
        Inpainter(write(), trained[1], **options)
    assert '\n' not in str(error.value)
