"""Kinds of convolutions that can be converted: of torch, and of mmcv.

A module keeps its identity: only its class and its ``padding_mode`` change, so that parameters, hooks,
buffers and everything that refers to it stay valid.

Partial padding for the convolutions of mmcv that pad and convolve by themselves.

Each is mixed in before the class of mmcv that its docstring names. mmcv itself is not needed.
"""
import sys
from functools import cache
from types import FunctionType

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules import padding as padding_layers
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.utils import parametrize

from mmpconv.layers import PartialConv1d, PartialConv2d, PartialConv3d, PartialPadding
from mmpconv.layers.partial_conv import TORCHS_MODULE
from mmpconv.ops import partial_padding_conv
from mmpconv.ops.window import explicit_padding, sides

MODES = ('partial', 'reflect', 'replicate', 'zeros')

_LAYERS = {nn.Conv1d: PartialConv1d, nn.Conv2d: PartialConv2d, nn.Conv3d: PartialConv3d}
_PLAIN = {partial: plain for plain, partial in _LAYERS.items()}
_PADDING_LAYERS = (padding_layers._ReflectionPadNd, padding_layers._ReplicationPadNd,
                   padding_layers._ConstantPadNd, padding_layers._CircularPadNd)


def concerns_padding(module: nn.Module) -> bool:
    """True for what a report speaks of: a padding layer, or anything that looks like a convolution."""
    return isinstance(module, (_ConvNd, *_PADDING_LAYERS)) or all(
        hasattr(module, name) for name in ('kernel_size', 'padding', 'weight'))


def reason_to_leave(module: nn.Module) -> str | None:
    """Why the padding of this module cannot be changed; None if it can."""
    cls = own_class(module)
    if cls.__module__.startswith('torch.ao.') or getattr(module, 'qconfig', None) is not None:
        # What is only prepared would be quantised later as if it padded with zeros still.
        return 'quantised or about to be, with zero padding: convert the float model, which keeps it in floating point'
    if isinstance(module, _PADDING_LAYERS):
        return 'a padding layer: the convolution behind it does not pad by itself'
    if isinstance(module, _ConvTransposeNd):
        return 'transposed: its padding crops the output'
    if not isinstance(module, tuple(_LAYERS)):
        return 'not a convolution of torch.nn'
    if isinstance(module, LazyModuleMixin):
        return 'without weights yet: run the model once, then convert'
    if getattr(module, 'multi_channel', False) or getattr(module, 'return_mask', False):
        return 'a partial convolution that takes masks'
    if module.padding_mode == 'circular':
        return 'circular: beyond the border lies the other side'
    if cls in _PLAIN or _is_padded_class(cls) or _mixin(cls) or _computes_by_conv_forward(cls):
        return None
    return 'of a class that computes something of its own'


def looks_beyond_the_border(module: nn.Module) -> bool:
    """True if a convolution has any padding."""
    if _mixin(original_class(own_class(module))) is AdaptivePadding:
        return any(k > 1 for k in module.kernel_size)
    pads = explicit_padding(module.padding, module.kernel_size, module.dilation)
    return any(pad != (0, 0) for pad in pads)


def padding_of(module: nn.Module) -> str:
    """One of :data:`MODES`: how a convolution that can be converted pads now."""
    if module.padding_mode == 'zeros' and isinstance(module, PartialPadding):
        return 'partial'
    return module.padding_mode


def set_padding(module: nn.Module, mode: str) -> None:
    """Make a convolution that can be converted pad in this mode, in place."""
    original = original_class(own_class(module))
    # Those that convolve by themselves know zero padding only; the others, every mode of torch.
    padded = mode == 'partial' or (mode != 'zeros' and _mixin(original))
    _set_own_class(module, padded_class(original) if padded else original)
    if padded:
        module.__module__ = TORCHS_MODULE  # taken whole by torch.fx, as a convolution of torch
    else:
        vars(module).pop('__module__', None)
    module.padding_mode = 'zeros' if mode == 'partial' else mode


def forget_compiled() -> None:
    """Have compiled models compiled anew: torch's compiler does not notice that the class of a module changes."""
    if 'torch._dynamo' in sys.modules:
        torch.compiler.reset()


@cache
def padded_class(cls: type) -> type:
    """The class that computes as ``cls`` does, with partial padding."""
    if cls in _LAYERS:
        return _LAYERS[cls]
    # MMEngine initialises weights by the names of a class and its direct bases: those of `cls` are repeated.
    return type(f'Partial{cls.__name__}', (_mixin(cls) or PartialPadding, cls, *cls.__bases__), dict(
        __module__=cls.__module__, __reduce_ex__=_reduce, __doc__=f'{cls.__name__} with partial padding.'))


def original_class(cls: type) -> type:
    """The class with zero padding of which ``cls`` is the padded one; ``cls`` itself if it is none."""
    if cls in _PLAIN:
        return _PLAIN[cls]
    return cls.__bases__[1] if _is_padded_class(cls) else cls


def own_class(module: nn.Module) -> type:
    """The module's class, below the one that torch puts over it for its parametrisations."""
    return type(module).__bases__[0] if parametrize.is_parametrized(module) else type(module)


def _set_own_class(module: nn.Module, cls: type) -> None:
    if parametrize.is_parametrized(module):
        # Torch makes a class for each parametrised module: its properties are the tensors.
        members = {name: value for name, value in vars(type(module)).items()
                   if name not in ('__dict__', '__weakref__')}
        cls = type(type(module).__name__, (cls,), members)
    module.__class__ = cls


def _reduce(self, protocol):
    # A class made at run time is not found by its name: it is made again where the pickle is read.
    _, _, *state = object.__reduce_ex__(self, protocol)
    return _new_padded, (original_class(type(self)),), *state


def _new_padded(original: type) -> nn.Module:
    cls = padded_class(original)
    return cls.__new__(cls)


def _is_padded_class(cls: type) -> bool:
    return vars(cls).get('__reduce_ex__') is _reduce


def _mixin(cls: type) -> type | None:
    return MIXINS.get(f'{cls.__module__}.{cls.__qualname__}')


def _computes_by_conv_forward(cls: type) -> bool:
    """True if ``forward`` hands over to torch's ``_conv_forward``, which is what partial padding replaces.

    Weight standardisation of one's own, quantised weights, checks of the input do. Deformable, masked and
    other convolutions call a function of torch, or an operation of their own.
    """
    torch_class = next(base for base in cls.__mro__ if base in _LAYERS)
    if cls._conv_forward is not torch_class._conv_forward:
        return False
    for base in cls.__mro__[:cls.__mro__.index(torch_class)]:
        forward = vars(base).get('forward')
        if forward is None:
            continue
        names = set(forward.__code__.co_names) if isinstance(forward, FunctionType) else set()
        if names & {'conv1d', 'conv2d', 'conv3d'}:
            return False
        if '_conv_forward' in names:
            return True
        if not {'super', 'forward'} <= names:
            return False
    return True


class StandardisedWeight(PartialPadding):
    """``ConvWS2d``: weight standardisation (arXiv 1903.10520)."""

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C_in, H, W)`` to ``(N, C_out, H', W')``."""
        dims = tuple(range(1, self.weight.dim()))
        deviation, mean = (statistic.reshape(-1, 1, 1, 1) for statistic in (
            self.weight.std(dims), self.weight.mean(dims)))
        return self._conv_forward(x, (self.weight - mean) / (deviation + self.eps), self.bias)


class AdaptivelyStandardisedWeight(PartialPadding):
    """``ConvAWS2d``: weight standardisation around the statistics of a pretrained weight."""

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C_in, H, W)`` to ``(N, C_out, H', W')``."""
        return self._conv_forward(x, self._get_weight(self.weight), self.bias)


class AdaptivePadding(PartialPadding):
    """``Conv2dAdaptivePadding``: TensorFlow's "same" padding, which depends on the size of the input."""

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C_in, H, W)`` to ``(N, C_out, ceil(H / stride), ceil(W / stride))``."""
        return self._conv_forward(x, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        # Whole strides that cover the input, the odd position at the end.
        totals = [max(-(-n // s) * s - s + d * (k - 1) + 1 - n, 0) for n, k, s, d in zip(
            input.shape[2:], self.kernel_size, self.stride, self.dilation)]
        pads = tuple((total // 2, total - total // 2) for total in totals)
        if self.padding_mode == 'zeros':
            return partial_padding_conv(input, weight, bias, self.stride, pads, self.dilation, self.groups)
        input = F.pad(input, sides(pads), mode=self.padding_mode)
        return F.conv2d(input, weight, bias, self.stride, 0, self.dilation, self.groups)


# By name, because mmcv need not be installed.
MIXINS = {
    'mmcv.cnn.bricks.conv_ws.ConvWS2d': StandardisedWeight,
    'mmcv.cnn.bricks.conv_ws.ConvAWS2d': AdaptivelyStandardisedWeight,
    'mmcv.cnn.bricks.conv2d_adaptive_padding.Conv2dAdaptivePadding': AdaptivePadding,
}
