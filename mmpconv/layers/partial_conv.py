"""Modules over :mod:`mmpconv.ops`: drop-ins for NVIDIA's and MMagic's layers, and for ``nn.Conv*d``."""
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmpconv.ops.check import check_input, check_mask
from mmpconv.ops.holes import as_float_mask
from mmpconv.ops.partial_conv import (
    convolve,
    masked_conv,
    per_output_channel,
    renormalise,
    upsample_concat,
    upsampled_conv2d,
)
from mmpconv.ops.partial_padding import padding_mask, partial_padding_conv
from mmpconv.ops.scripting import (
    scripted_both_sides,
    scripted_hide,
    scripted_mask,
    scripted_padding,
    scripted_pads,
    scripted_renormalise,
)

# Peers keep their mask kernels of ones in the state dict, as large as the weights.
_PEERS_BUFFERS = ('weight_mask_updater', 'weight_maskUpdater')


# What `layer.__module__` says, by which torch.fx, feature extractors and FX quantisation tell layers from models: ours
# are taken whole, as torch's are. Said by the instance, because a class is pickled by where it really is.
TORCHS_MODULE = nn.Conv2d.__module__


class PartialPadding:
    """Partial padding where a convolution of torch would pad with zeros; mixed in before ``nn.Conv*d``."""

    __jit_ignored_attributes__ = ['__module__']

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        # Here and not in `forward`, so that whatever calls the convolution itself (mmcv's efficient
        # conv+BN, weight standardisation) is renormalised too.
        if self.padding_mode != 'zeros':  # no position is made up of zeros: nothing to renormalise
            return super()._conv_forward(input, weight, bias)
        return partial_padding_conv(input, weight, bias, self.stride, self.padding, self.dilation,
                                    self.groups)


class _Valid(NamedTuple):
    """What :meth:`PartialConv2d.forward_masked` was given besides features, on its way through ``__call__``."""
    count: Tensor
    low: Tensor | None


class _PartialConvNd(PartialPadding):
    """Common part of the layers of one, two and three dimensions; mixed in before ``nn.Conv*d``."""

    __constants__ = [*nn.Conv2d.__constants__, 'multi_channel', 'return_mask']
    # Here too, for a convolution that becomes a partial one when it is built already.
    multi_channel = False
    return_mask = False

    def __init__(self, *args, multi_channel: bool = False, return_mask: bool = False, device=None, **kwargs):
        # `device` by name, because torch.nn.utils.skip_init looks for it.
        super().__init__(*args, device=device, **kwargs)
        self.__module__ = TORCHS_MODULE
        self.multi_channel = multi_channel
        self.return_mask = return_mask

    def forward(self, input: Tensor, mask: Tensor | None = None, return_mask: bool | None = None):
        """Partial convolution with a mask, partial padding without one.

        Args:
            input: ``(N, C_in, *size)``.
            mask: 1 = valid, 0 = hole; ``(N, 1, *size)``, or ``(N, C_in, *size)`` if the layer is
                ``multi_channel``. Any real or boolean dtype.
            return_mask: Overrides the layer's ``return_mask``.

        Returns:
            Tensor or tuple[Tensor, Tensor]: Output; with ``return_mask`` also the updated mask, of
            one channel, or of ``C_out`` if the layer is ``multi_channel`` (a view where possible). As NVIDIA's
            it has batch size 1 if the mask has, or if there is none and the layer is not ``multi_channel``.

        Raises:
            ValueError: Ranks, channels, sizes or devices do not fit.
            TypeError: Dtypes do not fit.
        """
        # No type of what is returned, and one line for either case: torch.jit.script reads this too, and settles
        # what the layer returns when it compiles it.
        if torch.jit.is_scripting():
            return self._scripted(input, mask) if self.return_mask else self._scripted(input, mask)[0]
        else:
            return self._forward(input, mask, return_mask)

    def forward_masked(self, input: Tensor, valid: Tensor, low: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Partial convolution within a network that masks features where it produces them.

        What :func:`mmpconv.ops.masked_conv` does. The layer's hooks run (spectral norm, pruning, those of users).

        Args:
            input: ``(N, C_in, *size)``, zero in the holes.
            valid: ``(N, 1 or groups, *size)``, the number of valid channels at each position, 0 to
                ``C_in / groups``, of float32 or wider.
            low: ``(N, C_low, h, w)``, zero in the holes, as decoders have it: it is upsampled to the size of
                ``input`` by its nearest neighbours and comes before it, so that both have ``C_in`` channels
                together (2 dimensions only).

        Returns:
            tuple[Tensor, Tensor]: Output, not masked, and updated mask ``(N, 1 or groups, *output size)``, 0 to 1.
        """
        return self(input, _Valid(valid, low))

    def _forward(self, input, mask, return_mask):
        if isinstance(mask, _Valid):
            return self._forward_masked(input, *mask)
        if return_mask is None:
            return_mask = self.return_mask
        spatial = len(self.kernel_size)
        if mask is None:
            # As nn.Conv*d, without a mask it takes an image without a batch too.
            single = input.dim() == spatial + 1 and not return_mask
            check_input(spatial, input[None] if single else input, self.in_channels, self.weight)
            output = self._conv_forward(input, self.weight, self.bias)
            if not return_mask:
                return output
            if self.padding_mode == 'zeros':
                mask_out = padding_mask(input, self.kernel_size, self.stride, self.padding, self.dilation)
            else:  # every position of a window shows a pixel
                mask_out = output.new_ones(()).expand(1, 1, *output.shape[2:])
            if self.multi_channel:
                mask_out = mask_out.expand(len(output), -1, *output.shape[2:])
        else:
            check_input(spatial, input, self.in_channels, self.weight)
            check_mask(mask, input, self.multi_channel)
            output, mask_out = self._forward_with_mask(input, mask)
            if not return_mask:
                return output
        return output, per_output_channel(mask_out, self.out_channels) if self.multi_channel else mask_out

    def _forward_with_mask(self, input: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        if self.padding_mode != 'zeros':
            input, mask = self._pad(input), self._pad(as_float_mask(mask, input))
        return convolve(input, self.weight, self.bias, mask, self.stride, self._zero_padding(), self.dilation,
                        self.groups)

    def _forward_masked(self, input: Tensor, valid: Tensor, low: Tensor | None) -> tuple[Tensor, Tensor]:
        if self.padding_mode != 'zeros':
            input, low = input if low is None else upsample_concat(low, input), None
            input, valid = self._pad(input), self._pad(valid)
        geometry, channels = (self.stride, self._zero_padding(), self.dilation), self.weight.shape[1]
        if low is None:
            return masked_conv(input, self.weight, self.bias, valid, channels, *geometry, self.groups)
        out = upsampled_conv2d(low, input, self.weight, *geometry, self.groups)
        return renormalise(out, self.bias, valid, channels, self.kernel_size, *geometry)

    def _scripted(self, input: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        assert self.padding_mode == 'zeros', "torch.jit.script needs padding_mode='zeros'; torch.export takes any"
        if isinstance(self.padding, str):
            pads = scripted_pads(self.kernel_size, self.dilation, self.padding == 'same')
        else:
            pads = scripted_both_sides(self.padding)
        if mask is None:
            size = input.shape[input.dim() - len(self.kernel_size):]
            out, seen = scripted_padding(self._convolve(input), self.bias, size, self.kernel_size, self.stride, pads,
                                         self.dilation)
            if self.multi_channel:
                return out, seen.expand([input.size(0), self.out_channels] + list(seen.shape))
            return out, seen[None, None]
        assert mask.dim() == input.dim() and mask.size(1) == (self.in_channels if self.multi_channel else 1), \
            'mask must have one channel per input channel if the layer is multi_channel, and else one'
        valid = scripted_mask(mask, input)
        out = self._convolve(scripted_hide(input, valid))
        return scripted_renormalise(
            out, self.bias, valid, self.in_channels, self.kernel_size, self.stride, pads, self.dilation, self.groups,
            mask.dtype if mask.is_floating_point() else out.dtype)

    def _pad(self, x: Tensor) -> Tensor:
        return F.pad(x, self._reversed_padding_repeated_twice, mode=self.padding_mode)

    def _zero_padding(self) -> str | tuple[int, ...]:
        return self.padding if self.padding_mode == 'zeros' else (0,) * len(self.kernel_size)

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs):
        for name in _PEERS_BUFFERS:
            state_dict.pop(prefix + name, None)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def extra_repr(self) -> str:
        flags = [f', {name}=True' for name in ('multi_channel', 'return_mask') if getattr(self, name)]
        return super().extra_repr() + ''.join(flags)


class PartialConv2d(_PartialConvNd, nn.Conv2d):
    """Partial convolution (arXiv 1804.07723), and partial padding (arXiv 1811.11718) without a mask.

    Same arguments, parameters and state-dict keys as :class:`torch.nn.Conv2d`. Checkpoints of NVIDIA's
    and MMagic's layers load: their ``weight_mask_updater`` is dropped. See
    :func:`mmpconv.ops.partial_conv2d` for the formula and the conventions.

    Args:
        multi_channel: The mask has one channel per input channel, instead of one for all.
        return_mask: The layer returns ``(output, updated mask)`` instead of the output.

    Example:
        >>> import torch
        >>> from mmpconv import PartialConv2d
        >>> conv = PartialConv2d(3, 8, 3, padding=1, return_mask=True)
        >>> output, mask = conv(torch.rand(1, 3, 16, 16), torch.ones(1, 1, 16, 16))
        >>> output.shape, mask.shape
        (torch.Size([1, 8, 16, 16]), torch.Size([1, 1, 16, 16]))
    """

    def _convolve(self, input: Tensor) -> Tensor:
        return F.conv2d(input, self.weight, None, self.stride, self.padding, self.dilation, self.groups)


class PartialConv1d(_PartialConvNd, nn.Conv1d):
    """:class:`PartialConv2d` on ``(N, C, L)``."""

    def _convolve(self, input: Tensor) -> Tensor:
        return F.conv1d(input, self.weight, None, self.stride, self.padding, self.dilation, self.groups)


class PartialConv3d(_PartialConvNd, nn.Conv3d):
    """:class:`PartialConv2d` on ``(N, C, D, H, W)``."""

    def _convolve(self, input: Tensor) -> Tensor:
        return F.conv3d(input, self.weight, None, self.stride, self.padding, self.dilation, self.groups)


class PConv(PartialConv2d):
    """MMagic's layer of this name: what it returns, and when.

    Args:
        multi_channel: See :class:`PartialConv2d`.
        eps: Accepted because configs set it for mixed precision; has no effect, for
            there is no epsilon in the formula.

    Convention:
        ``forward(input, mask)`` returns ``(output, updated mask)`` unless ``return_mask=False``.
        Without a mask it is a plain convolution with zero padding, and returns the output alone.
        With ``groups`` > 1 a multi-channel mask is counted per group; MMagic counts all channels.
    """

    def __init__(self, *args, multi_channel: bool = False, eps: float | None = None, device=None, **kwargs):
        super().__init__(*args, multi_channel=multi_channel, return_mask=True, device=device, **kwargs)

    def forward(self, input: Tensor, mask: Tensor | None = None, return_mask: bool = True):
        """See :class:`PartialConv2d`, under MMagic's conventions."""
        if torch.jit.is_scripting():
            assert mask is not None, 'a scripted PConv returns output and mask, so it needs a mask'
            return self._scripted(input, mask)
        elif mask is None:
            return nn.Conv2d._conv_forward(self, input, self.weight, self.bias)
        else:
            return self._forward(input, mask, return_mask)
