"""Refuses operands that do not fit, before torch does so in terms of its internals."""
import torch
from torch import Tensor


class MaskError(ValueError, AssertionError):
    """A mask that does not fit. An AssertionError too, which is what MMagic's layer and losses raise."""


_RANK = {1: '(N, C, L)', 2: '(N, C, H, W)', 3: '(N, C, D, H, W)'}


def check_input(spatial: int, input: Tensor, in_channels: int, weight: Tensor) -> None:
    """Check the features of a convolution with ``spatial`` dimensions and a mask."""
    if input.dim() != spatial + 2:
        raise ValueError(f'input has {input.dim()} dimensions, shape {tuple(input.shape)}, but must be '
                         f'{_RANK[spatial]}; add or remove dimensions, e.g. input[None] for one image')
    if input.is_quantized:
        raise TypeError(f'input is quantised, {input.dtype}, but a partial convolution computes in floating point: '
                        'pass input.dequantize(), or quantise the model by FX (prepare_fx, convert_fx), which does so')
    if not input.is_floating_point():
        raise TypeError(f'input is {input.dtype} but must be floating point; pass input.float()')
    if input.shape[1] != in_channels:
        raise ValueError(f'input has {input.shape[1]} channels but the weight of shape '
                         f'{tuple(weight.shape)} takes {in_channels}; pass {in_channels} channels')
    _check_device('input', input, weight, 'weight')
    if input.dtype != weight.dtype and not torch.is_autocast_enabled(input.device.type):
        raise TypeError(f'input is {input.dtype} but weight is {weight.dtype}; convert one, '
                        'or run under torch.autocast')


def check_mask(mask: Tensor, input: Tensor, multi_channel: bool | None = None) -> None:
    """Check a mask against its features.

    Args:
        multi_channel: Whether the mask must have one channel per channel of the
            input (True), one (False), or may have either (None).
    """
    if not isinstance(mask, Tensor):
        raise TypeError(f'mask is {type(mask).__name__} but must be a tensor; use torch.as_tensor(mask)')
    if mask.is_complex():
        raise TypeError(f'mask is {mask.dtype} but must be real or boolean, 1 = valid')
    if mask.dim() != input.dim():
        raise MaskError(f'mask has {mask.dim()} dimensions, shape {tuple(mask.shape)}, but must be '
                        f'{_RANK[input.dim() - 2]} as the input; use mask[:, None] to add a channel')
    _check_channels(mask.shape[1], input.shape[1], multi_channel)
    if mask.shape[2:] != input.shape[2:]:
        raise MaskError(f'mask is of size {tuple(mask.shape[2:])} but input of {tuple(input.shape[2:])}; '
                        "resize the mask, with mode='nearest' so that it stays binary")
    if mask.shape[0] not in (input.shape[0], 1):
        raise MaskError(f'mask has batch size {mask.shape[0]} but input has {input.shape[0]}; '
                        f'pass {input.shape[0]} masks, or 1 for all')
    _check_device('mask', mask, input, 'input')


def check_operands(spatial: int, input: Tensor, weight: Tensor, bias: Tensor | None,
                   mask: Tensor | None, groups: int) -> None:
    """Check all operands of the functional form."""
    if weight.dim() != spatial + 2:
        raise ValueError(f'weight has {weight.dim()} dimensions but a {spatial}-dimensional convolution '
                         f'takes {spatial + 2}: (C_out, C_in / groups, *kernel_size)')
    if weight.shape[0] % groups:
        raise ValueError(f'weight has {weight.shape[0]} output channels, which {groups} groups do not divide')
    check_input(spatial, input, weight.shape[1] * groups, weight)
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f'bias has shape {tuple(bias.shape)} but must be ({weight.shape[0]},), '
                         'one number per output channel')
    if mask is not None:
        check_mask(mask, input)


def _check_channels(given: int, channels: int, multi_channel: bool | None) -> None:
    if multi_channel is None and given not in (1, channels):
        raise MaskError(f'mask has {given} channels but must have 1 or {channels}, as the input')
    if multi_channel is True and given != channels:
        remedy = (f'pass mask.expand(-1, {channels}, ...) or set multi_channel=False' if given == 1 else
                  f'pass a mask of {channels} channels')
        raise MaskError(f'mask has {given} channels but the layer was built with multi_channel=True '
                        f'for {channels}; {remedy}')
    if multi_channel is False and given != 1:
        raise MaskError(f'mask has {given} channels but the layer was built with multi_channel=False; '
                        'pass mask[:, :1] or set multi_channel=True')


def _check_device(name: str, tensor: Tensor, other: Tensor, other_name: str) -> None:
    if tensor.device != other.device:
        raise ValueError(f'{name} is on {tensor.device} but {other_name} is on {other.device}; '
                         f'use {name}.to({str(other.device)!r})')
