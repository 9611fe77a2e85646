"""Partial padding in models of MM* libraries, by each of the ways that a config has: build, train, save, reload."""
import copy
import io
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import mmpconv

pytest.importorskip('mmagic')
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.registry import HOOKS, MODELS, DefaultScope, init_default_scope
from mmengine.runner import Runner
from mmengine.runner.checkpoint import load_checkpoint, save_checkpoint
from mmengine.structures import PixelData

SIZE = 32
NORM = dict(type='BN')


def classifier(backbone, in_channels, **kwargs):
    return dict(type='ImageClassifier', data_preprocessor=dict(type='ClsDataPreprocessor'), backbone=backbone,
                neck=dict(type='GlobalAveragePooling'), head=dict(
                    type='LinearClsHead', num_classes=4, in_channels=in_channels), **kwargs)


def segmentor(backbone, head, auxiliary=512):
    """With what MMSegmentation's own configs have around these heads."""
    return dict(type='EncoderDecoder', backbone=backbone, test_cfg=dict(mode='whole'),
                data_preprocessor=dict(type='SegDataPreProcessor', size=(SIZE, SIZE)),
                decode_head=dict(dict(in_channels=512, in_index=3, channels=16, num_classes=4, norm_cfg=NORM), **head),
                auxiliary_head=dict(type='FCNHead', in_channels=auxiliary, in_index=3, channels=8, num_convs=1,
                                    num_classes=4, norm_cfg=NORM))


RESNET_C = dict(type='ResNetV1c', depth=18, dilations=(1, 1, 2, 4), strides=(1, 2, 1, 1), norm_cfg=NORM,
                contract_dilation=True)
# Name: scope, config, paths of the dicts that take a conv_cfg, and what no conv_cfg reaches.
MODELS_OF_LIBRARIES = {
    'ResNet': ('mmpretrain', classifier(dict(type='ResNet', depth=18), 512), ['backbone'], set()),
    'VGG': ('mmpretrain', classifier(dict(type='VGG', depth=11, norm_cfg=NORM), 512), ['backbone'], set()),
    'ConvNeXt': ('mmpretrain', dict(classifier(dict(type='ConvNeXt', arch=dict(
        depths=[1, 1, 1, 1], channels=[8, 16, 32, 64])), 64), neck=None), [], set()),
    'MobileNetV2': ('mmpretrain', classifier(dict(type='MobileNetV2', widen_factor=.5), 1280), ['backbone'], set()),
    'EfficientNet': ('mmpretrain', classifier(dict(type='EfficientNet', arch='b0'), 1280), ['backbone'], set()),
    'DeepLabV3+': ('mmseg', segmentor(RESNET_C, dict(
        type='DepthwiseSeparableASPPHead', dilations=(1, 12, 24, 36), c1_in_channels=64, c1_channels=8)),
        ['backbone', 'decode_head', 'auxiliary_head'], {'depthwise_conv'}),
    'PSPNet': ('mmseg', segmentor(RESNET_C, dict(type='PSPHead', pool_scales=(1, 2, 3, 6))),
               ['backbone', 'decode_head', 'auxiliary_head'], set()),
    'UNet': ('mmseg', segmentor(
        dict(type='UNet', base_channels=8, num_stages=4, strides=(1,) * 4, enc_num_convs=(2,) * 4,
             dec_num_convs=(2,) * 3, downsamples=(True,) * 3, enc_dilations=(1,) * 4,
             dec_dilations=(1,) * 3, norm_cfg=NORM),
        dict(type='FCNHead', in_channels=8, num_convs=1), auxiliary=8), ['backbone', 'decode_head', 'auxiliary_head'],
        set()),
    'EDSR': ('mmagic', dict(
        type='BaseEditModel', generator=dict(type='EDSRNet', in_channels=3, out_channels=3, mid_channels=8,
                                             num_blocks=2, upscale_factor=2), pixel_loss=dict(type='L1Loss'),
        data_preprocessor=dict(type='DataPreprocessor')), [], set()),
    'generator of pix2pix': ('mmagic', dict(type='UnetGenerator', in_channels=3, out_channels=3, num_down=5,
                                            base_channels=8), [], set()),
    'generator of CycleGAN': ('mmagic', dict(type='ResnetGenerator', in_channels=3, out_channels=3, base_channels=8,
                                             num_blocks=2), [], set()),
}
WAYS = ['wrapper', 'hook', 'conv_cfg']
CASES = [(name, way) for name, (_, _, paths, _) in MODELS_OF_LIBRARIES.items() for way in WAYS
         if paths or way != 'conv_cfg']


def build(name, way=None):
    """A model of the table, as its own library builds it, with the padding that the way gives it."""
    _, config, paths, _ = MODELS_OF_LIBRARIES[name]
    config = Config(dict(model=copy.deepcopy(config))).model
    if way == 'conv_cfg':
        for path in paths:
            config[path].conv_cfg = dict(type='PartialConv2d')
    if way == 'wrapper':
        config = dict(type='PaddedModel', mode='partial', model=config)
    torch.manual_seed(0)
    model = MODELS.build(config)
    if way == 'hook':
        hook = HOOKS.build(dict(type='ConvertPaddingHook', mode='partial'))
        hook.before_run(SimpleNamespace(model=model, logger=SimpleNamespace(info=str)))
    torch.manual_seed(0)
    if hasattr(model, 'init_weights'):
        model.init_weights()
    return model


def batch(scope):
    """Two images with what the library's models learn from."""
    torch.manual_seed(1)
    images = [torch.randint(0, 256, (3, SIZE, SIZE), dtype=torch.uint8) for _ in range(2)]
    if scope == 'mmpretrain':
        from mmpretrain.structures import DataSample
        return dict(inputs=torch.stack(images), data_samples=[DataSample().set_gt_label(i) for i in range(2)])
    if scope == 'mmseg':
        from mmseg.structures import SegDataSample
        maps = [PixelData(data=torch.randint(0, 4, (1, SIZE, SIZE))) for _ in range(2)]
        return dict(inputs=images, data_samples=[
            SegDataSample(gt_sem_seg=m, metainfo=dict(img_shape=(SIZE, SIZE), ori_shape=(SIZE, SIZE))) for m in maps])
    from mmagic.structures import DataSample
    return dict(inputs=torch.stack(images), data_samples=[
        DataSample(gt_img=torch.randint(0, 256, (3, 2 * SIZE, 2 * SIZE))) for _ in range(2)])


def output(model, scope):
    """What the network makes of an image."""
    torch.manual_seed(2)
    image = torch.randn(2, 3, SIZE, SIZE)
    with torch.no_grad():
        if scope == 'mmpretrain':
            return model.eval().head(model.extract_feat(image)).clone()
        return model.eval()(image).clone()


def train_step(model, scope):
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=1e-4))
    if hasattr(model, 'train_step'):
        model.train().train_step(batch(scope), wrapper)
    else:  # a generator, which is trained by the model around it
        wrapper.update_params(model.train()(torch.randn(2, 3, SIZE, SIZE)).square().mean())


def convolutions(model, *, partial):
    """Names of the convolutions that look beyond the border, with partial or with another padding."""
    from mmcv.cnn.bricks import Conv2dAdaptivePadding
    return {name for name, part in model.named_modules() if isinstance(part, nn.Conv2d)
            and (any(part.padding) or (isinstance(part, Conv2dAdaptivePadding) and max(part.kernel_size) > 1))
            and isinstance(part, mmpconv.layers.PartialPadding) == partial}


@pytest.mark.parametrize('name, way', CASES)
def test_a_model_is_built_trains_a_step_is_saved_and_reloaded(name, way, tmp_path):
    scope, _, _, unreached = MODELS_OF_LIBRARIES[name]
    with DefaultScope.overwrite_default_scope(scope):
        init_default_scope(scope)
        zero, model = build(name), build(name, way)
        assert type(model) is type(zero)
        padded = convolutions(zero, partial=False)
        left = convolutions(model, partial=False)
        assert convolutions(model, partial=True) == padded - left and len(padded) >= 2
        assert {name.split('.')[-2] for name in left} == (unreached if way == 'conv_cfg' else set())
        assert list(model.state_dict()) == list(zero.state_dict())
        assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), zero.state_dict().values()))
        assert not torch.equal(output(model, scope), output(zero, scope))

        before = {key: value.clone() for key, value in model.named_parameters()}
        train_step(model, scope)
        assert any(not torch.equal(value, before[key]) for key, value in model.named_parameters())
        expected = output(model, scope)
        assert expected.isfinite().all()
        save_checkpoint(dict(state_dict=model.state_dict()), str(tmp_path / 'model.pth'))
        reloaded = build(name, way)
        load_checkpoint(reloaded, str(tmp_path / 'model.pth'), strict=True)
        assert torch.equal(output(reloaded, scope), expected)
        # It is the padding that the checkpoint was trained with that makes the output.
        load_checkpoint(zero, str(tmp_path / 'model.pth'), strict=True)
        assert not torch.equal(output(zero, scope), expected)


def test_efficient_nets_padding_of_tensorflow_stays_of_its_size():
    """conv_cfg would replace it by convolutions of another alignment; conversion keeps it."""
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        init_default_scope('mmpretrain')
        layers = [part for part in build('EfficientNet', 'wrapper').modules() if isinstance(part, nn.Conv2d)]
        kinds = {type(part).__name__ for part in layers if max(part.kernel_size) > 1}
    assert kinds == {'PartialConv2dAdaptivePadding'}


def test_explicit_padding_layers_are_listed():
    with DefaultScope.overwrite_default_scope('mmagic'):
        report = mmpconv.convert_padding(build('generator of CycleGAN'))
    assert {module.layer for module in report.left_alone} == {'ReflectionPad2d', 'ConvTranspose2d'}


class Images(torch.utils.data.Dataset):
    """Two images of two classes."""
    metainfo = dict(classes=('a', 'b'))

    def __len__(self):
        return 2

    def __getitem__(self, index):
        from mmpretrain.structures import DataSample
        torch.manual_seed(index)
        return dict(inputs=torch.randn(3, SIZE, SIZE), data_samples=DataSample().set_gt_label(index))


def run(way, work_dir, **kwargs):
    """A runner that has trained an iteration and logged what it converted; ``way``: as of :data:`WAYS`."""
    _, model, _, _ = MODELS_OF_LIBRARIES['ResNet']
    loader = dict(batch_size=2, sampler=dict(type='DefaultSampler', shuffle=False), dataset=Images(),
                  collate_fn=dict(type='default_collate'))
    hooks = [dict(type='ConvertPaddingHook', include='backbone')] if way == 'hook' else []
    if way == 'wrapper':
        model = dict(type='mmpconv.PaddedModel', include='backbone', model=model)
    runner = Runner(model=copy.deepcopy(model), work_dir=str(work_dir), default_scope='mmpretrain',
                    train_dataloader=loader, train_cfg=dict(by_epoch=False, max_iters=1),
                    optim_wrapper=dict(optimizer=dict(type='SGD', lr=.01)), randomness=dict(seed=0), custom_hooks=[
                        *hooks, dict(type='EMAHook')], **kwargs)
    runner.train()
    return runner


def test_hook_and_wrapper_train_to_the_same_weights_in_a_runner(tmp_path):
    """The averaged copy of the EMA hook is converted as well; the log has the report."""
    states = []
    for way in ('hook', 'wrapper'):
        runner = run(way, tmp_path / way, data_preprocessor=dict(type='ClsDataPreprocessor'), experiment_name=way)
        averaged = runner._hooks[[type(hook).__name__ for hook in runner._hooks].index('EMAHook')].ema_model
        for model in (runner.model, averaged.module):
            assert convolutions(model, partial=True) and not convolutions(model, partial=False)
        states.append(runner.model.state_dict())
        log, = (tmp_path / way).glob('*/*.log')
        assert '17 convolutions converted to partial padding' in log.read_text()
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_the_wrapper_takes_what_a_runner_or_init_model_adds_to_a_model():
    with DefaultScope.overwrite_default_scope('mmseg'):
        init_default_scope('mmseg')
        _, config, _, _ = MODELS_OF_LIBRARIES['PSPNet']
        wrapped = Config(dict(model=dict(type='PaddedModel', model=dict(config, pretrained='torchvision://resnet18'))))
        wrapped.model.pretrained = wrapped.model.train_cfg = None  # as `init_model` of MMSegmentation does
        model = MODELS.build(wrapped.model)
    assert model.train_cfg is None
    assert getattr(model.backbone, 'init_cfg', None) != dict(type='Pretrained', checkpoint='torchvision://resnet18')


def test_the_data_preprocessor_of_the_wrapped_model_stays_what_it_is_in_a_runner(tmp_path):
    """A runner sets the config's top-level one on whatever `model` is, for models that have none."""
    for own, mean in ((dict(type='ClsDataPreprocessor', mean=[1.] * 3, std=[1.] * 3), 1), (None, 2)):
        _, model, _, _ = MODELS_OF_LIBRARIES['ResNet']
        model = dict(copy.deepcopy(model), data_preprocessor=own)
        if own is None:
            del model['data_preprocessor']
        runner = Runner.from_cfg(Config(dict(
            model=dict(type='mmpconv.PaddedModel', model=model), work_dir=str(tmp_path), default_scope='mmpretrain',
            data_preprocessor=dict(type='ClsDataPreprocessor', mean=[2.] * 3, std=[1.] * 3),
            experiment_name=f'mean {mean}')))
        assert runner.model.data_preprocessor.mean.flatten().tolist() == [mean] * 3


def test_the_wrapper_refuses_what_has_no_padding():
    transformer = dict(type='mmpretrain.VisionTransformer', img_size=32)
    with pytest.raises(TypeError, match='model of PaddedModel is str but must be the config of a model'):
        MODELS.build(dict(type='PaddedModel', model='resnet50'))
    with pytest.raises(ValueError, match='nothing to convert: 1 convolution without padding'):
        MODELS.build(dict(type='PaddedModel', model=transformer))


@pytest.mark.parametrize('prefix', ['', 'mmpconv.'])
@pytest.mark.parametrize('scope', ['mmengine', 'mmpconv', 'mmagic', 'mmseg', 'mmpretrain'])
def test_wrapper_and_hook_are_found_in_every_scope(scope, prefix):
    with DefaultScope.overwrite_default_scope(scope):
        model = MODELS.build(dict(type=f'{prefix}PaddedModel', model=nn.Sequential(nn.Conv2d(1, 1, 3, padding=1))))
        hook = HOOKS.build(dict(type=f'{prefix}ConvertPaddingHook', mode='reflect'))
    assert type(model[0]) is mmpconv.PartialConv2d
    assert type(hook) is mmpconv.ConvertPaddingHook and hook.mode == 'reflect'


def test_checkpoints_of_a_runner_hold_no_trace_of_the_conversion():
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        init_default_scope('mmpretrain')
        file = io.BytesIO()
        torch.save(build('ResNet', 'wrapper').state_dict(), file)
    assert b'mmpconv' not in file.getvalue()
