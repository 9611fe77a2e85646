"""Converted weights compute what the published networks compute, to the last bits of float64."""
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmagic.structures import DataSample
from mmengine.config import Config
from mmengine.runner import load_checkpoint
from published_networks import NaotoPConvUNet, SunnerPartialUNet, SunnerUNet
from skimage import data
from torch import nn
from torch.testing import assert_close

from mmpconv.checkpoints import inpainting_keys as inpainting_file
from mmpconv.checkpoints.inpainting_keys import convert_inpainting
from mmpconv.checkpoints.padding_keys import CheckpointKeysError
from mmpconv.cli import main
from mmpconv.registry import MODELS

ROOT = Path(__file__).parents[2]
IMAGENET_MEAN, IMAGENET_STD = torch.tensor([.485, .456, .406]), torch.tensor([.229, .224, .225])
NETWORKS = {'naoto': NaotoPConvUNet, 'partial': SunnerPartialUNet, 'plain': SunnerUNet}


def trained(network):
    """As after training: every weight, bias and statistic has an effect. Activations keep their size with depth."""
    for name, value in network.state_dict().items():
        if name.endswith('running_var'):
            nn.init.uniform_(value, .5, 2)
        elif value.dim() == 1:
            nn.init.normal_(value, std=.3)
            if re.search(r'(bn|norm|layer\.1)\.weight$', name):
                value += 1
        elif 'mask_conv' not in name and value.dim() == 4:
            # Theirs are as many times larger as a window has positions: there the sum is a mean.
            fan_in = value[0].numel()
            nn.init.normal_(value, std=fan_in**-.5 * (1 if isinstance(network, SunnerUNet) else fan_in))
    return network.double().eval()


def image_and_mask(height, width):
    mask = (torch.rand(2, 1, height, width) > .3).double()
    mask[:, :, height // 8:, width // 8:width * 7 // 8] = 0
    return torch.rand(2, 3, height, width).double() * 2 - 1, mask.expand(-1, 3, -1, -1)


def build(network):
    model = MODELS.build(network.encdec).double().eval()
    model.load_state_dict(network.weights)  # strict: no name is missing, none is left over
    return model


@pytest.mark.parametrize('name, size', [
    ('naoto', (128, 128)), ('naoto', (256, 128)), ('partial', (128, 128)), ('partial', (112, 150)),
    ('partial', (224, 224)), ('plain', (128, 128)), ('plain', (256, 128))])
@torch.no_grad()
def test_a_converted_network_computes_the_same(name, size):
    theirs = trained(NETWORKS[name](width=4))
    image, mask = image_and_mask(*size)
    expected, expected_mask = theirs(image, mask)
    assert expected.std() > .05 and expected.std((2, 3)).min() > .01, 'all channels must have something to compare'
    ours = build(convert_inpainting(theirs.state_dict()))
    if name == 'naoto':  # theirs are RGB
        image, expected = image.flip(1), expected.flip(1)
    out, out_mask = ours(image, mask)
    assert_close(out, expected, rtol=1e-10, atol=1e-11)
    assert torch.equal(out_mask, expected_mask)


@pytest.mark.parametrize('layers', [4, 5])
@torch.no_grad()
def test_the_depth_of_naotos_network_is_an_argument(layers):
    theirs = trained(NaotoPConvUNet(layers, width=4))
    image, mask = image_and_mask(64, 32)
    network = convert_inpainting(theirs.state_dict())
    assert network.encdec['encoder'] == dict(type='PConvEncoder', num_layers=layers, width=4)
    assert_close(build(network)(image.flip(1), mask)[0].flip(1), theirs(image, mask)[0], rtol=1e-10, atol=1e-11)


def test_the_statistics_of_sunnerlis_encoder_have_no_effect():
    """It drops what BatchNorm returns; the converted one is an identity with the convolution's bias."""
    theirs = trained(SunnerPartialUNet(width=2))
    weights = convert_inpainting(theirs.state_dict()).weights
    assert_close(weights['encoder.enc3.bn.bias'], theirs.down3.pconv.img_conv[1].bias)
    x = torch.randn(1, 8, 4, 4).double()
    norm = nn.BatchNorm2d(8).double().eval()
    norm.load_state_dict({key.rsplit('.', 1)[1]: value for key, value in weights.items() if 'enc3.bn' in key})
    assert_close(norm(x), x + norm.bias[:, None, None], rtol=1e-14, atol=1e-14)


def test_weights_of_single_precision_are_rounded_once():
    theirs = NaotoPConvUNet(4, width=2)
    weight = theirs.enc_2.conv.input_conv.weight
    converted = convert_inpainting(theirs.state_dict()).weights['encoder.enc2.conv.weight']
    assert converted.dtype == torch.float32 and torch.equal(converted, (weight.double() / (2 * 25)).float())


@torch.no_grad()
def test_the_config_of_naotos_network_normalises_as_theirs_does(tmp_path):
    """From a photo to the completed photo, in their way and in ours."""
    theirs = trained(NaotoPConvUNet(7, width=2)).float()
    torch.save(dict(model=theirs.state_dict(), n_iter=3), tmp_path / 'theirs.pth')
    main(['convert-inpainting', str(tmp_path / 'theirs.pth'), str(tmp_path / 'ours.pth')])
    photo = torch.from_numpy(data.chelsea()[:128, :256].copy())  # RGB
    hole = torch.zeros(1, 128, 256)
    hole[:, 30:90, 50:200] = 1
    normalised = ((photo / 255 - IMAGENET_MEAN) / IMAGENET_STD).permute(2, 0, 1)[None]
    out = theirs(normalised * (1 - hole), (1 - hole)[None].expand(-1, 3, -1, -1))[0]
    expected = (out[0].permute(1, 2, 0) * IMAGENET_STD + IMAGENET_MEAN).clamp(0, 1) * 255
    expected = torch.where(hole[0, ..., None] > 0, expected, photo)

    config = Config.fromfile(ROOT / inpainting_file.CONFIGS["naoto0804's PConvUNet"]).model
    config.update(loss_composed_percep=None, loss_out_percep=False)
    config.encdec.encoder.update(width=2, norm_cfg=dict(type='BN'))
    config.encdec.decoder.update(width=2, norm_cfg=dict(type='BN'))
    model = MODELS.build(config).eval()
    load_checkpoint(model, str(tmp_path / 'ours.pth'), strict=True)
    bgr = photo.permute(2, 0, 1).flip(0)
    sample = DataSample(mask=hole, gt_img=bgr)
    result = model.test_step(dict(inputs=[bgr], data_samples=[sample]))[0].output
    filled = (result.fake_img if hasattr(result, 'fake_img') else result.pred_img).float()
    assert expected[30:90, 50:200].std() > 5
    assert_close(filled.flip(0).permute(1, 2, 0), expected, rtol=0, atol=.01)


def run_tool(source, target):
    """As a user does."""
    tool = ROOT / 'tools/model_converters/convert_inpainting.py'
    return subprocess.run([sys.executable, str(tool), source, target], text=True, capture_output=True,
                          check=True).stdout


@pytest.mark.parametrize('name', NETWORKS)
def test_the_tool_writes_a_checkpoint_of_the_inpaintor(name, tmp_path, capsys):
    weights = NETWORKS[name](width=2).state_dict()
    weights = {f'module.{key}': value for key, value in weights.items()}
    if name != 'naoto':
        weights['vgg.conv1_1.weight'] = torch.rand(64, 3, 3, 3)
    torch.save(weights if name != 'naoto' else dict(model=weights, n_iter=1, optimizer=dict(state={})),
               tmp_path / 'theirs.pth')
    files = [str(tmp_path / 'theirs.pth'), str(tmp_path / 'ours.pth')]
    if name == 'naoto':
        output = run_tool(*files)
    else:
        assert main(['convert-inpainting', *files]) == 0
        output = capsys.readouterr().out
    first, config, options = output.splitlines()
    state_dict = torch.load(tmp_path / 'ours.pth', weights_only=True)['state_dict']
    assert re.fullmatch(rf"{len(state_dict)} weights of \w+'s \w+ written to {tmp_path}/ours.pth", first)
    config = Config.fromfile(ROOT / config.removeprefix('config: '))
    config.merge_from_dict(dict(option.split('=') for option in options.removeprefix('with --cfg-options ').split()))
    model = config.model.encdec
    for part in (model.get('encoder', model), model.get('decoder', model)):
        part['width'] = int(part['width'])
    config.model.update(loss_composed_percep=None, loss_out_percep=False)
    MODELS.build(config.model).load_state_dict(state_dict)


def changed(**changes):
    weights = NaotoPConvUNet(4, width=2).state_dict()
    for key, value in changes.items():
        weights[key.replace('__', '.')] = value
    return weights


@pytest.mark.parametrize('weights, message', [
    ({'conv1.weight': torch.rand(3)}, 'no name is one of a network that can be converted: given are conv1.weight'),
    ({}, 'given are none at all'),
    ({'generator.encoder.enc1.conv.weight': torch.rand(3)}, 'names are those of our networks already'),
    (changed(enc_9__conv=torch.rand(3)), "naoto0804's PConvUNet, but .* no place for 1 weights, as enc_9.conv"),
    ({k: v for k, v in changed().items() if k != 'dec_3.bn.bias'}, '1 of .* are missing, as dec_3.bn.bias'),
    (changed(dec_3__bn__bias=torch.rand(2)), r'dec_3.bn.bias: \(2,\) in the file, \(4,\) in the model'),
    (changed(enc_1__conv__input_conv__weight=torch.rand(3)), 'must be the weight of a convolution'),
    (changed(enc_2__conv__mask_conv__weight=torch.full((4, 2, 5, 5), .5)),
     'enc_2.conv.mask_conv.weight is not of ones'),
])
def test_other_weights_are_refused(weights, message):
    with pytest.raises(CheckpointKeysError, match=message):
        convert_inpainting(weights)


def test_counters_of_old_files_may_be_missing():
    weights = changed()
    old = {key: value for key, value in weights.items() if not key.endswith('num_batches_tracked')}
    ours, others = (convert_inpainting(w).weights for w in (old, weights))
    assert list(ours) == list(others) and all(torch.equal(ours[key], others[key]) for key in ours)


def test_the_tool_names_the_file_that_it_cannot_convert(tmp_path):
    torch.save(dict(state_dict=dict(a=torch.rand(1))), tmp_path / 'other.pth')
    with pytest.raises(SystemExit, match='error: .*other.pth cannot be converted: no name is one'):
        main(['convert-inpainting', str(tmp_path / 'other.pth'), str(tmp_path / 'ours.pth')])
    assert not (tmp_path / 'ours.pth').exists()
    (tmp_path / 'ours.pth').write_text('mine')
    with pytest.raises(SystemExit, match='is there already'):
        main(['convert-inpainting', str(tmp_path / 'other.pth'), str(tmp_path / 'ours.pth')])
