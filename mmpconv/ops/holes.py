"""Masks as constants, and features that are zero in the holes."""
import torch
from torch import Tensor

from .tracing import is_tracing

# Integers by their size in bytes.
_BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def as_float_mask(mask: Tensor, input: Tensor) -> Tensor:
    """The mask as a constant in the precision of counts: float32, or float64 for float64 input."""
    return mask.detach().to(torch.promote_types(input.dtype, torch.float32))


def without_copies(mask: Tensor) -> Tensor:
    """The one channel ``(N, 1, *size)`` that a mask was expanded from, or the mask as it is."""
    return mask[:, :1] if mask.shape[1] > 1 and mask.stride(1) == 0 else mask


def hide_holes(input: Tensor, mask: Tensor) -> Tensor:
    """``input * mask`` that is 0 in the holes even where the input is NaN or infinite, in the input's memory format.

    One pass over fresh memory, which is what costs; what is not finite in the holes is then erased in place.
    """
    mask = without_copies(mask)
    hidden = input * mask.to(input.dtype)
    if is_tracing():
        return hidden.masked_fill(mask == 0, 0)
    # Unseen by autograd, which needs nothing of it: the gradient in a hole is 0 by the product already.
    features = hidden.detach()
    if not _is_finite(features):
        _erase(features, mask == 0)
    return hidden


def _is_finite(features: Tensor) -> bool:
    """True if nothing is NaN or infinite, as far as can be seen without waiting for a GPU: by the sum, the fastest."""
    try:
        return features.device.type == 'cpu' and bool(features.sum().isfinite())
    except RuntimeError:  # under torch.vmap
        return False


def _erase(features: Tensor, hole: Tensor) -> None:
    """Set features to 0 in the holes, in place."""
    if hole.shape[1] == 1:
        try:
            bits = features.view(_BITS[features.dtype.itemsize])
        except RuntimeError:  # under torch.vmap
            pass
        else:
            # All bits or none: up to ten times as fast as a choice for each pixel.
            bits.bitwise_and_(hole.to(bits.dtype) - 1)
            return
    features.masked_fill_(hole, 0)
