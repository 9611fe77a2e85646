"""A checkpoint fills holes with its own network, or with none."""
import copy
import re

import numpy as np
import pytest
import torch
from known_networks import disc, plane
from mmengine.config import Config

from mmpconv.apis import Inpainter
from mmpconv.apis.export import load_described
from mmpconv.apis.trained_network import own_settings
from mmpconv.checkpoints import CheckpointError, write_safetensors
from mmpconv.checkpoints.fitting import build_trained_model
from mmpconv.checkpoints.loading import read_checkpoint
from mmpconv.checkpoints.network_config import NetworkConfig
from mmpconv.configs import build_model
from mmpconv.errors import LaunchError

CONFIG = '''
model = dict(
    type='PConvInpaintor', data_preprocessor=dict(type='DataPreprocessor', mean=[127.5], std=[127.5]),
    encdec=dict(type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', num_layers={layers}, width={width},
                                                         norm_cfg=dict(type='SyncBN')),
                decoder=dict(type='PConvDecoder', num_layers={layers}, width={width})), disc=None,
    loss_l1_hole=dict(type='L1Loss', loss_weight=6.), train_cfg=dict(disc_step=0))
train_dataloader = dict(batch_size=1, dataset=dict(pipeline=[
    dict(type='LoadImageFromFile', key='gt', channel_order='rgb'), dict(type='Resize', keys=['gt'], scale=(64, 64))]))
custom = {{'4': 1., 'b': (-1, None, True)}}
'''
PHOTO, HOLE = plane(48, 64, np.uint8), disc(48, 64, (24, 30), 9)


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Configs of a small network and of larger ones, and a checkpoint of the small one as MMEngine saves it."""
    folder = tmp_path_factory.mktemp('trained')
    for name, sizes in dict(small=(3, 4), wide=(3, 8), deep=(4, 4)).items():
        (folder / f'{name}.py').write_text(CONFIG.format(layers=sizes[0], width=sizes[1]))
    config = Config.fromfile(folder / 'small.py')
    torch.manual_seed(0)
    weights = build_model(dict(config.model, encdec=config.model.encdec), 'mmpconv', 'it').state_dict()
    torch.save(dict(meta=dict(cfg=config.pretty_text, epoch=0, iter=400, seed=1), state_dict=weights),
               folder / 'iter_400.pth')
    return folder


@pytest.fixture
def changed(trained, tmp_path):
    """Writes the checkpoint with a change."""
    content = torch.load(trained / 'iter_400.pth')

    def change(function):
        checkpoint = copy.deepcopy(content)
        other = function(checkpoint)
        torch.save(checkpoint if other is None else other, tmp_path / 'changed.pth')
        return str(tmp_path / 'changed.pth')

    return change


def refuses(*arguments, match, **keywords):
    with pytest.raises(LaunchError, match=match) as error:
        Inpainter(*arguments, **keywords)
    assert '\n' not in str(error.value)


def test_a_checkpoint_alone_fills_as_with_its_config(trained):
    checkpoint = str(trained / 'iter_400.pth')
    expected = Inpainter(str(trained / 'small.py'), checkpoint)(PHOTO, HOLE)
    for alone in (Inpainter(checkpoint=checkpoint), Inpainter(checkpoint)):
        np.testing.assert_array_equal(alone(PHOTO, HOLE), expected)
        assert alone.network.size == 64 and alone.network._network.rgb
    network, description = load_described(checkpoint, None)
    assert network.size == 64 and len(description['mmpconv.checkpoint_sha256']) == 64


def test_so_does_one_of_a_training_with_a_perceptual_loss(trained, changed):
    """Its layers are named by numbers, which MMEngine writes as `dict({'4': 1.0})`."""
    def with_loss(checkpoint):
        config = Config.fromstring(checkpoint['meta']['cfg'], '.py')
        config.model.loss_composed_percep = dict(type='PerceptualLoss', layer_weights={'4': 1., '9': 1.})
        checkpoint['meta']['cfg'] = config.pretty_text
        assert re.search(r"layer_weights=dict\(\{\s*'4': 1.0", config.pretty_text)

    expected = Inpainter(str(trained / 'small.py'), str(trained / 'iter_400.pth'))(PHOTO, HOLE)
    np.testing.assert_array_equal(Inpainter(checkpoint=changed(with_loss))(PHOTO, HOLE), expected)


def test_a_checkpoint_of_another_model_is_refused(trained):
    checkpoint = str(trained / 'iter_400.pth')
    refuses(str(trained / 'wide.py'), checkpoint, match='wide.py is not the network of .*iter_400.pth')
    refuses(str(trained / 'deep.py'), checkpoint, match='deep.py is not the network')
    refuses('pconv_stage2_4xb2_places-256x256', checkpoint, match='is not the network')


def test_without_a_config_of_its_own_names_and_shapes_decide(trained, changed):
    alone = changed(lambda checkpoint: checkpoint.pop('meta') and None)
    refuses(checkpoint=alone, match='does not say of which network its weights are; give the config')
    refuses(str(trained / 'wide.py'), alone, match=r'weights have another shape, as .*: \(4, 3, 7, 7\) in the file, '
                                                   r'\(8, 3, 7, 7\) in the model')
    refuses(str(trained / 'deep.py'), alone, match='weights are missing, as')
    assert Inpainter(str(trained / 'small.py'), alone)(PHOTO, HOLE).shape == PHOTO.shape


def test_networks_whose_shapes_agree_are_told_apart(trained, changed, tmp_path):
    text = (trained / 'small.py').read_text()
    for name, old, new in (('tanh', "decoder=dict(type='PConvDecoder',",
                            "decoder=dict(type='PConvDecoder', out_act_cfg=dict(type='Tanh'),"),
                           ('grey', 'mean=[127.5]', 'mean=[100., 110., 120.]')):
        (tmp_path / f'{name}.py').write_text(text.replace(old, new))
        refuses(str(tmp_path / f'{name}.py'), str(trained / 'iter_400.pth'), match=f'{name}.py is not the network of')
    second_stage = tmp_path / 'second_stage.py'  # what differs in training only is no contradiction
    second_stage.write_text(text.replace("norm_cfg=dict(type='SyncBN')", "norm_cfg=dict(type='BN'), norm_eval=True"))
    assert Inpainter(str(second_stage), str(trained / 'iter_400.pth')).network.size == 64


FIRST = 'generator.encoder.enc1.conv.weight'
DAMAGES = {
    'no weights': (lambda c: c.update(state_dict={}), 'weights are missing|its 0 weights cannot be of'),
    '3 of them': (lambda c: c.update(state_dict=dict(list(c['state_dict'].items())[:3])), 'are missing'),
    'one left over': (lambda c: c['state_dict'].update(more=torch.ones(2)), 'no place for 1 weights, as more'),
    'a text': (lambda c: c['state_dict'].update({FIRST: 'text'}), 'is something of type str, not a tensor'),
    'an array': (lambda c: c['state_dict'].update({FIRST: np.ones((4, 3, 7, 7))}), 'is an array, not a tensor'),
    'a number': (lambda c: c['state_dict'].update({FIRST: 3}), 'type int, not a tensor'),
    'nothing': (lambda c: c['state_dict'].update({FIRST: None}), 'is nothing, not a tensor'),
    'meta': (lambda c: c['state_dict'].update({FIRST: torch.ones(4, 3, 7, 7, device='meta')}), 'changed.pth'),
    'integers': (lambda c: c['state_dict'].update({FIRST: torch.ones(4, 3, 7, 7, dtype=torch.int32)}), 'torch.int32'),
    'complex': (lambda c: c['state_dict'].update({FIRST: torch.ones(4, 3, 7, 7, dtype=torch.complex64)}),
                'changed.pth'),
    'nan': (lambda c: c['state_dict'].update({FIRST: torch.full((4, 3, 7, 7), torch.nan)}),
            'values that are not finite'),
    'inf': (lambda c: c['state_dict'].update({FIRST: torch.full((4, 3, 7, 7), torch.inf)}),
            'values that are not finite'),
    'a number as a name': (lambda c: c['state_dict'].update({7: torch.ones(1)}),
                           'one is called 7, and names are texts'),
    'a list as weights': (lambda c: c.update(state_dict=[1]), 'something of type list where its weights should be'),
    'a list': (lambda c: [torch.ones(3)], 'changed.pth holds something of type list, not a checkpoint'),
    'a tensor alone': (lambda c: torch.ones(3), 'changed.pth holds something of type Tensor, not a checkpoint'),
}


@pytest.mark.parametrize('named', [True, False], ids=['with its config', 'alone'])
@pytest.mark.parametrize('damage', DAMAGES)
def test_weights_that_are_none_are_refused_in_one_sentence(trained, changed, damage, named):
    function, message = DAMAGES[damage]
    model = str(trained / 'small.py') if named else None
    refuses(model, changed(function), match=message)


def test_extras_of_other_software_are_left_out(trained, changed):
    path = changed(lambda c: c['state_dict'].update({
        'generator.encoder.enc1.conv.weight_mask_updater': torch.ones(4, 3, 7, 7), 'disc.conv.weight': torch.ones(2),
        'loss_percep.vgg.vgg_layers.0.weight': torch.ones(64, 3, 3, 3)}))
    assert Inpainter(checkpoint=path)(PHOTO, HOLE).shape == PHOTO.shape



HOSTILE_CONFIGS = [
    "import os\nmodel = os.system('touch {harm}')", "model = __import__('os').system('touch {harm}')",
    "model = dict(type='PConvInpaintor', encdec=dict(type='subprocess.call', args=['touch', '{harm}']))",
    "model = dict(type='PConvInpaintor', encdec=dict(type='mmengine.utils.os.system', command='touch {harm}'))",
    "model = dict(type='PConvInpaintor', encdec=dict(type='mmengine.Config.fromfile', filename='{harm}'))",
    "model = dict(type='os.system', command='touch {harm}')",
    "model = dict(type='PConvInpaintor', encdec=dict(type='PConvEncoderDecoder', encoder=eval('1')))",
    "model = (lambda: dict(type='PConvInpaintor'))()", "model = [dict(type='PConvInpaintor') for _ in range(9)]",
    "model = dict(**other)", "model = dict(**[1])", "model = 'a' * 1000000000", "model = f'{{1}}'", 'model = (',
    'model = ' + '-' * 9999 + '1',
    'model = ' + '[' * 150 + ']' * 150, "model = dict(type='PConvInpaintor', encdec=dict(type=7))",
    "model = dict(type='PConvInpaintor', encdec=dict(type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', "
    "num_layers=100000000), decoder=dict(type='PConvDecoder')))",
    "model = dict(type='PConvInpaintor', encdec=dict(type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', "
    "width=100000000), decoder=dict(type='PConvDecoder')))",
    "model = dict(type='PConvInpaintor', encdec=dict(type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', "
    "no_such=1), decoder=dict(type='PConvDecoder')))",
    "model = dict(type='PConvInpaintor', encdec=dict(type='OrientedUNet', blocks={{100000000}}))",
    "model = dict(type='PConvInpaintor', encdec=dict(type='OrientedUNet', blocks=dict([(1, 2)])))",
    "model = dict(type='PConvInpaintor')", "model = dict()", "model = 3", "a = 1", "model = dict(type='AOTInpaintor')",
    'x' * 1_000_001,
]


@pytest.mark.parametrize('text', HOSTILE_CONFIGS, ids=range(len(HOSTILE_CONFIGS)))
def test_the_config_in_a_checkpoint_is_data_and_never_run(changed, tmp_path, text):
    path = changed(lambda c: c['meta'].update(cfg=text.format(harm=tmp_path / 'harm')))
    refuses(checkpoint=path, match='changed.pth')
    assert not (tmp_path / 'harm').exists()


def test_such_a_checkpoint_is_loaded_with_a_model_that_fits(trained, changed):
    path = changed(lambda c: c['meta'].update(cfg="model = __import__('os').abort()"))
    assert Inpainter(str(trained / 'small.py'), path)(PHOTO, HOLE).shape == PHOTO.shape


def test_safetensors_carry_their_network(trained, tmp_path):
    config = Config.fromfile(trained / 'small.py')
    weights = torch.load(trained / 'iter_400.pth')['state_dict']
    write_safetensors(tmp_path / 'a.safetensors', weights, config.model, size=64, channel_order='rgb')
    filled = Inpainter(checkpoint=str(tmp_path / 'a.safetensors'))(PHOTO, HOLE)
    np.testing.assert_array_equal(filled, Inpainter(checkpoint=trained / 'iter_400.pth')(PHOTO, HOLE))

    write_safetensors(tmp_path / 'half.safetensors', weights, config.model, size=64, channel_order='rgb',
                      dtype=torch.float16)
    network = Inpainter(tmp_path / 'half.safetensors').network
    assert network.size == 64 and network._network.rgb
    assert {value.dtype for value in network._network.parameters()} == {torch.float32}
    refuses(str(trained / 'wide.py'), str(tmp_path / 'half.safetensors'), match='wide.py is not the network of')


@pytest.mark.parametrize('metadata, message', [
    (dict(), 'does not say of which network'), (dict(mmpconv_config='{'), 'cannot be read'),
    (dict(mmpconv_config='[' * 5000), 'cannot be read'), (dict(mmpconv_config='[]'), 'makes no sense'),
    (dict(mmpconv_config='{}'), 'model without a type'),
    (dict(mmpconv_config='{}', mmpconv_size='x'), 'cannot be read'),
    (dict(mmpconv_config='{}', mmpconv_size='-1'), 'makes no sense'),
    (dict(mmpconv_config='{}', mmpconv_channel_order='cmyk'), 'makes no sense'),
    (dict(mmpconv_config='{"type": "PConvInpaintor", "encdec": {"type": "os.system", "command": "false"}}'),
     'os.system'),
])
def test_what_a_safetensors_file_says_is_checked(trained, tmp_path, metadata, message):
    weights = torch.load(trained / 'iter_400.pth')['state_dict']
    write_safetensors(tmp_path / 'a.safetensors', weights, metadata=metadata)
    refuses(checkpoint=str(tmp_path / 'a.safetensors'), match=message)


def test_a_network_of_the_wrong_size_is_never_allocated(trained):
    content = read_safetensors_like(trained)
    model = dict(type='PConvInpaintor', data_preprocessor=dict(type='DataPreprocessor'), encdec=dict(
        type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', num_layers=4, width=60000),
        decoder=dict(type='PConvDecoder', num_layers=4, width=60000)))  # 100 TB
    with pytest.raises(CheckpointError, match='do not fit the network that it says they are of'):
        own_settings(NetworkConfig(model), content, 'it')


def read_safetensors_like(trained):
    return torch.load(trained / 'iter_400.pth')


def test_two_checkpoints_or_neither_are_refused(trained):
    refuses(str(trained / 'iter_400.pth'), str(trained / 'iter_400.pth'), match='are both checkpoints')
    refuses(str(trained / 'nothing.safetensors'), match='the checkpoint is .*nothing.safetensors, and there is no such')


def test_every_loading_for_use_is_strict(trained):
    config = Config.fromfile(trained / 'wide.py')
    with pytest.raises(CheckpointError, match='does not fit it: 1?[0-9]+ of [0-9]+ weights have another shape'):
        build_trained_model(config.model, read_checkpoint(str(trained / 'iter_400.pth')), 'it', 'mmpconv', 'it')
