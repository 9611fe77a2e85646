"""What is refused, and in which words: what was given, what is accepted, what to do."""
import pytest
import torch

from mmpconv.layers import PartialConv2d, PartialConv3d, PConv
from mmpconv.ops import partial_conv2d, partial_conv3d

INPUT = dict(input=torch.zeros(2, 4, 5, 6), weight=torch.zeros(8, 4, 3, 3))


@pytest.mark.parametrize('change, error, message', [
    (dict(input=torch.zeros(4, 5, 6)), ValueError,
     r'input has 3 dimensions, shape \(4, 5, 6\), but must be \(N, C, H, W\); .*input\[None\] for one image'),
    (dict(input=torch.zeros(1, 2, 4, 5, 6)), ValueError, r'input has 5 dimensions.*remove dimensions'),
    (dict(input=torch.zeros(2, 4, 5, 6).int()), TypeError,
     r'input is torch.int32 but must be floating point; pass input.float\(\)'),
    (dict(input=torch.zeros(2, 3, 5, 6)), ValueError,
     r'input has 3 channels but the weight of shape \(8, 4, 3, 3\) takes 4; pass 4 channels'),
    (dict(groups=2), ValueError, r'input has 4 channels but the weight of shape \(8, 4, 3, 3\) takes 8'),
    (dict(groups=3), ValueError, r'weight has 8 output channels, which 3 groups do not divide'),
    (dict(input=torch.zeros(2, 4, 5, 6, device='meta')), ValueError,
     r"input is on meta but weight is on cpu; use input.to\('cpu'\)"),
    (dict(input=torch.zeros(2, 4, 5, 6).double()), TypeError,
     r'input is torch.float64 but weight is torch.float32; convert one, or run under torch.autocast'),
    (dict(weight=torch.zeros(8, 4, 3)), ValueError,
     r'weight has 3 dimensions but a 2-dimensional convolution takes 4: \(C_out, C_in / groups, \*kernel_size\)'),
    (dict(bias=torch.zeros(4)), ValueError,
     r'bias has shape \(4,\) but must be \(8,\), one number per output channel'),
    (dict(mask=[[1]]), TypeError, r'mask is list but must be a tensor; use torch.as_tensor\(mask\)'),
    (dict(mask=torch.zeros(2, 1, 5, 6).cfloat()), TypeError,
     r'mask is torch.complex64 but must be real or boolean, 1 = valid'),
    (dict(mask=torch.zeros(2, 5, 6)), ValueError,
     r'mask has 3 dimensions, shape \(2, 5, 6\), but must be \(N, C, H, W\) as the input; '
     r'use mask\[:, None\] to add a channel'),
    (dict(mask=torch.zeros(2, 3, 5, 6)), ValueError, r'mask has 3 channels but must have 1 or 4, as the input'),
    (dict(mask=torch.zeros(2, 1, 6, 5)), ValueError,
     r"mask is of size \(6, 5\) but input of \(5, 6\); resize the mask, with mode='nearest'"),
    (dict(mask=torch.zeros(3, 1, 5, 6)), ValueError,
     r'mask has batch size 3 but input has 2; pass 2 masks, or 1 for all'),
    (dict(mask=torch.zeros(2, 1, 5, 6, device='meta')), ValueError,
     r"mask is on meta but input is on cpu; use mask.to\('cpu'\)"),
])
def test_operands_that_do_not_fit_the_operation(change, error, message):
    with pytest.raises(error, match=message):
        partial_conv2d(**{**INPUT, **change})


def test_three_dimensions_are_named():
    with pytest.raises(ValueError, match=r'input has 4 dimensions.* must be \(N, C, D, H, W\)'):
        partial_conv3d(torch.zeros(4, 5, 6, 7), torch.zeros(8, 4, 3, 3, 3))
    with pytest.raises(ValueError, match=r'mask has 4 dimensions.* must be \(N, C, D, H, W\)'):
        PartialConv3d(4, 8, 3)(torch.zeros(1, 4, 5, 6, 7), torch.zeros(1, 5, 6, 7))


@pytest.mark.parametrize('layer', [PartialConv2d, PConv])
@pytest.mark.parametrize('multi_channel, channels, message', [
    (False, 4, r'mask has 4 channels but the layer was built with multi_channel=False; '
               r'pass mask\[:, :1\] or set multi_channel=True'),
    (True, 1, r'mask has 1 channels but the layer was built with multi_channel=True for 4; '
              r'pass mask.expand\(-1, 4, ...\) or set multi_channel=False'),
    (True, 3, r'mask has 3 channels .*multi_channel=True for 4; pass a mask of 4 channels'),
])
def test_masks_that_do_not_fit_the_layer(layer, multi_channel, channels, message):
    with pytest.raises(ValueError, match=message):
        layer(4, 8, 3, multi_channel=multi_channel)(torch.zeros(2, 4, 5, 6), torch.zeros(2, channels, 5, 6))


# A layer without a mask takes what nn.Conv2d takes: an image without a batch too.
@pytest.mark.parametrize('masked', [True, False])
@pytest.mark.parametrize('input, error, message', [
    (torch.zeros(5, 6), ValueError, r'input has 2 dimensions'),
    (torch.zeros(2, 3, 5, 6), ValueError, r'input has 3 channels .* takes 4'),
    (torch.zeros(2, 4, 5, 6).int(), TypeError, r'input is torch.int32'),
    (torch.zeros(2, 4, 5, 6).double(), TypeError, r'input is torch.float64 but weight is torch.float32'),
    (torch.zeros(2, 4, 5, 6, device='meta'), ValueError, r'input is on meta but weight is on cpu'),
])
def test_inputs_that_do_not_fit_the_layer(input, error, message, masked):
    mask = torch.zeros(2, 1, 5, 6) if masked else None
    with pytest.raises(error, match=message):
        PartialConv2d(4, 8, 3)(input, mask)


def test_a_batch_is_needed_where_a_mask_is_returned():
    with pytest.raises(ValueError, match=r'input has 3 dimensions.*input\[None\]'):
        PartialConv2d(4, 8, 3, return_mask=True)(torch.zeros(4, 5, 6))


def test_autocast_takes_operands_of_different_dtypes():
    with torch.autocast('cpu', torch.bfloat16):
        out, _ = partial_conv2d(torch.zeros(1, 4, 5, 5).bfloat16(), torch.zeros(8, 4, 3, 3),
                                mask=torch.ones(1, 1, 5, 5))
    assert out.dtype == torch.bfloat16


def test_a_window_larger_than_the_padded_image_is_refused():
    with pytest.raises((ValueError, RuntimeError), match=r'[Kk]ernel size'):
        partial_conv2d(torch.zeros(1, 4, 2, 2), torch.zeros(8, 4, 3, 3), mask=torch.ones(1, 1, 2, 2))
