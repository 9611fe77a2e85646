"""Networks of configs: what they see, what is refused, and that scores do not depend on the batch."""
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from benchmark_samples import make_benchmark, score_words
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

from mmpconv.benchmark.network import Network
from mmpconv.checkpoints import CheckpointError
from mmpconv.cli import main
from mmpconv.errors import LaunchError

ROOT = Path(__file__).parents[2]
DEMO = ROOT / 'configs/partial_conv/pconv_demo_1xb8_photos-128x128.py'
MEAN = '''
default_scope = 'mmpconv'
model = dict(type='PConvInpaintor', data_preprocessor=dict(type='DataPreprocessor', mean=[127.5], std=[127.5]),
             encdec=dict(type='MeanColor'))
'''
# MMagic's own, in its own scope, with its own transforms.
AOT = '''
default_scope = 'mmagic'
model = dict(type='AOTInpaintor', data_preprocessor=dict(type='DataPreprocessor'), encdec=dict(
    type='AOTEncoderDecoder', encoder=dict(type='AOTEncoder', mid_channels=4, out_channels=16), decoder=dict(
        type='AOTDecoder', in_channels=16, mid_channels=8), dilation_neck=dict(
        type='AOTBlockNeck', in_channels=16, dilation_rates=(1, 2, 4, 8), num_aotblock=1)))
test_dataloader = dict(dataset=dict(type='RepeatDataset', dataset=dict(type='BasicImageDataset', pipeline=[
    dict(type='LoadImageFromFile', key='gt', channel_order='rgb'), dict(type='LoadMask'),
    dict(type='GetMaskedImage'), dict(type='PackInputs')])))
'''
# Ours fills photos of any size, MMagic's only multiples of 128.
MMAGIC_PCONV = '''
default_scope = 'mmagic'
model = dict(type='PConvInpaintor', data_preprocessor=dict(type='DataPreprocessor'), encdec=dict(
    type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder'), decoder=dict(type='PConvDecoder')))
'''


@pytest.fixture(scope='module')
def benchmark(tmp_path_factory):
    return make_benchmark(tmp_path_factory.mktemp('benchmark') / 'tiny')


@pytest.fixture
def write(tmp_path):
    """Write a config, and a checkpoint of its model with random weights."""

    def write(text, name='net.py'):
        config = tmp_path / name
        config.write_text(text)
        return config, save_checkpoint(Config.fromfile(config), tmp_path / f'{config.stem}.pth')

    return write


def save_checkpoint(config, path):
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(config.default_scope):
        torch.save(dict(state_dict=MODELS.build(config.model).state_dict()), path)
    return path


def filled(benchmark, config, checkpoint, samples=None, **options):
    network = Network('net', str(config), str(checkpoint), 'cpu', options)
    network.check(benchmark)
    samples = benchmark.samples if samples is None else samples
    masks = [benchmark.mask(sample) for sample in samples]
    images = [benchmark.image(sample) * (1 - mask) for sample, mask in zip(samples, masks)]
    return network.fill(samples, images, masks)


@pytest.mark.parametrize('order', ['bgr', 'rgb'])
def test_colours_come_out_as_they_went_in_whatever_the_order_of_a_config(benchmark, write, order):
    config, checkpoint = write(f'''{MEAN}
test_dataloader = dict(dataset=dict(type='RepeatDataset', dataset=dict(type='InpaintingDataset', pipeline=[
    dict(type='LoadImageFromFile', key='gt', channel_order='{order}'), dict(type='LoadMask'),
    dict(type='GetMaskedImage'), dict(type='PackInputs')])))''')
    for picture, sample in zip(filled(benchmark, config, checkpoint), benchmark.samples):
        truth, hole = benchmark.image(sample), benchmark.mask(sample)[..., 0] == 1
        mean = truth[~hole].mean(0)
        assert abs(mean - mean[::-1]).max() > 3
        assert np.abs(picture[hole] - mean).max() <= 0.51
        np.testing.assert_array_equal(picture[~hole], truth[~hole])


def test_an_inpaintor_of_mmagic_runs_in_its_own_scope_and_sees_red_first(benchmark, write):
    config, checkpoint = write(AOT)
    sample = benchmark.samples[-2]
    picture, = filled(benchmark, config, checkpoint, [sample])
    truth, mask = benchmark.image(sample), benchmark.mask(sample)
    with DefaultScope.overwrite_default_scope('mmagic'):
        model = MODELS.build(Config.fromfile(config).model).eval()
    model.load_state_dict(torch.load(checkpoint)['state_dict'])
    hole = torch.from_numpy(mask).permute(2, 0, 1)[None].float()
    rgb = torch.from_numpy(truth[..., ::-1].copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        output = model.generator(torch.cat([rgb * (1 - hole) + hole, hole], 1))
    expected = ((output[0].permute(1, 2, 0) + 1) * 127.5).clamp(0, 255).numpy()[..., ::-1]
    inside = mask[..., 0] == 1
    assert np.abs(picture[inside] - expected[inside]).max() <= 0.51
    assert expected[inside].std() > 1


def test_scores_do_not_depend_on_the_batch_and_go_on_in_another(benchmark, tmp_path, write):
    checkpoint = save_checkpoint(Config.fromfile(DEMO), tmp_path / 'demo.pth')
    word = f'demo={DEMO}:{checkpoint}'
    one, five = (score_words(benchmark, [word], tmp_path / name, batch_size=batch_size)['demo']
                 for name, batch_size in (('one', 1), ('five', 5)))
    for row, other in zip(one, five):
        assert row['id'] == other['id']
        assert [row[name] for name in ('l1', 'l1_hole', 'psnr', 'ssim')] == pytest.approx(
            [other[name] for name in ('l1', 'l1_hole', 'psnr', 'ssim')], rel=1e-3)
    for sample in benchmark.samples[3:]:
        (tmp_path / f'five/methods/demo/{sample.id}.png').unlink()
    resumed = score_words(benchmark, [word], tmp_path / 'five', batch_size=5)['demo']
    assert resumed[:3] == five[:3]
    assert [row['l1'] for row in resumed] == pytest.approx([row['l1'] for row in one], rel=1e-3)
    # The hash of the file, and what of the config its results depend on.
    with pytest.raises(LaunchError, match=r'made in another way .model.encdec.decoder.norm_cfg.eps was absent, is 0.1'):
        score_words(benchmark, [word], tmp_path / 'five', options={'model.encdec.decoder.norm_cfg.eps': 0.1})
    other = save_checkpoint(Config.fromfile(DEMO), tmp_path / 'demo.pth')
    torch.save(dict(torch.load(other), meta=dict(note='another file')), other)
    with pytest.raises(LaunchError, match='made in another way .checkpoint_sha256 was'):
        score_words(benchmark, [word], tmp_path / 'five')


def test_a_checkpoint_of_another_model_is_refused(benchmark, tmp_path, write):
    config, _ = write(AOT)
    torch.save(dict(state_dict={'backbone.weight': torch.zeros(3)}), tmp_path / 'other.pth')
    with pytest.raises(LaunchError, match='other.pth does not fit the model of .*net.py: 24 of 24 weights are missing'):
        filled(benchmark, config, tmp_path / 'other.pth')


def test_a_checkpoint_that_brings_code_is_refused(benchmark, tmp_path, write):

    class Hostile:
        def __reduce__(self):
            return (tmp_path / 'touched').touch, ()

    config, _ = write(MEAN)
    torch.save(dict(state_dict=Hostile()), tmp_path / 'hostile.pth')
    with pytest.raises(CheckpointError, match='nothing in it was executed'):
        filled(benchmark, config, tmp_path / 'hostile.pth')
    assert not (tmp_path / 'touched').exists()


@pytest.mark.parametrize('text, options, message', [
    ('a = 1', {}, 'is not the config of a network: it has no model'),
    (MEAN, {'model.encdec.type.x': 1}, '--cfg-options .* does not fit .*net.py'),
    (MMAGIC_PCONV, {}, 'net cannot fill a photo of 48 x 64 pixels: RuntimeError: Sizes of tensors must match'),
    (MEAN.replace("'MeanColor')", "'MeanColor'), loss_tv=dict(type='Nothing')"), {},
     'the model of .*net.py cannot be built: KeyError: .*Nothing'),
], ids=['no model', 'option', 'cannot fill', 'cannot be built'])
def test_a_config_that_does_not_work_is_refused_before_anything_is_filled(
        benchmark, tmp_path, write, text, options, message):
    config, checkpoint = write(MEAN, 'good.py')
    if text == MMAGIC_PCONV:
        _, checkpoint = write(text)
    config = tmp_path / 'net.py'
    config.write_text(text)
    with pytest.raises(LaunchError, match=message):
        score_words(benchmark, ['mean', f'net={config}:{checkpoint}'], tmp_path / 'out', options=options)
    assert not (tmp_path / 'out/methods').exists()


def test_a_missing_checkpoint_is_named(benchmark, tmp_path, write):
    config, _ = write(MEAN)
    with pytest.raises(LaunchError, match='the checkpoint of net is none.pth, and there is no such file'):
        score_words(benchmark, [f'net={config}:none.pth'], tmp_path / 'out')


def test_the_demo_network_through_the_command_line(benchmark, tmp_path, capsys):
    checkpoint = save_checkpoint(Config.fromfile(DEMO), tmp_path / 'demo.pth')
    main(['benchmark', str(benchmark.folder), 'mean', f'{DEMO}:{checkpoint}', '--cases', '1', '--work-dir', str(
          tmp_path / 'out'), '--device', 'cpu', '--batch-size', '5', '--cfg-options', 'model.loss_tv=None'])
    output = capsys.readouterr().out
    assert f'- {DEMO.stem}: `{DEMO}`, `{checkpoint}`, sha256 `' in output
    assert 'cpu, batches of 5' in output
    table = (tmp_path / 'out/table.md').read_text()
    assert table.count(f'|  | {DEMO.stem} |') == 5
    sample = benchmark.samples[0]
    shown = cv2.imread(str(tmp_path / f'out/methods/{DEMO.stem}/{sample.id}.png'))
    expected, = filled(benchmark, DEMO, checkpoint, [sample])
    assert np.abs(shown.astype(int) - expected).max() <= 1
