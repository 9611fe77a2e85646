"""MMagic's own PConv classes, built in MMagic's scope."""
import mmpconv

assert mmpconv  # its import makes MMagic importable

from mmagic.models.editors.pconv import MaskConvModule  # noqa: E402
from mmagic.models.editors.pconv.partial_conv import PartialConv2d  # noqa: E402
from mmagic.registry import MODELS  # noqa: E402
from mmengine.registry import DefaultScope  # noqa: E402
from torch import nn  # noqa: E402

NETWORK = dict(type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder'), decoder=dict(type='PConvDecoder'))


def build_in_mmagic(config: dict) -> nn.Module:
    with DefaultScope.overwrite_default_scope('mmagic'):
        model = MODELS.build(config)
    assert type(model).__module__.startswith('mmagic.')
    return without_epsilon(model)


def mask_conv_module(*args, **kwargs) -> nn.Module:
    with DefaultScope.overwrite_default_scope('mmagic'):
        return without_epsilon(MaskConvModule(*args, **kwargs))


def without_epsilon(model: nn.Module) -> nn.Module:
    """So that float64 results can be compared: ours is the limit of MMagic's formula for eps -> 0."""
    for module in model.modules():
        if isinstance(module, PartialConv2d):
            module.eps = 1e-30  # in float32 too: 0 / 1e-30 * 0 is finite
    return model


def randomise(model: nn.Module) -> nn.Module:
    """Biases and normalisations as after training, so that none of them is without effect."""
    for name, value in model.state_dict().items():
        if name.endswith('running_var'):
            nn.init.uniform_(value, .5, 2)
        elif name.endswith(('bias', 'running_mean')) or '.bn.' in name and name.endswith('.weight'):
            nn.init.normal_(value)
    return model
