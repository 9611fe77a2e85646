"""Counting valid positions."""
import pytest
import torch
import torch.nn.functional as F

from mmpconv.ops import partial_conv2d, valid_channels, window_count


@pytest.mark.parametrize('kernel, stride, padding, dilation', [
    ((3, 3), (1, 1), (1, 1), (1, 1)), ((7, 7), (2, 2), (3, 3), (1, 1)), ((1, 4), (1, 2), (0, 3), (2, 3)),
    ((1, 1), (2, 1), (0, 0), (1, 1)), ((2, 3), (1, 1), 'same', (1, 1)), ((2, 2), (1, 1), 'valid', (3, 2)),
], ids=str)
def test_counts_are_those_of_a_convolution_with_ones(kernel, stride, padding, dilation):
    valid = torch.randint(0, 5, (2, 3, 11, 13)).float()
    before = valid.clone()
    expected = F.conv2d(valid, torch.ones(3, 1, *kernel), None, stride, padding, dilation, groups=3)
    assert torch.equal(window_count(valid, kernel, stride, padding, dilation), expected)
    assert torch.equal(valid, before)


def test_a_mask_smaller_than_the_window_is_refused():
    message = 'kernel size 3 with dilation 2 spans 5 positions of dimension 2, but the padded input has 4'
    with pytest.raises(ValueError, match=message):
        partial_conv2d(torch.ones(1, 1, 4, 9), torch.ones(1, 1, 3, 3), mask=torch.ones(1, 1, 4, 9), dilation=2)


@pytest.mark.parametrize('groups', [1, 2, 3, 6])
def test_channels_are_counted_per_group(groups):
    mask = (torch.rand(2, 6, 4, 5) > .5).float()
    count = valid_channels(mask, groups)
    assert count.shape == (2, groups, 4, 5)
    for group, channels in enumerate(mask.chunk(groups, 1)):
        assert torch.equal(count[:, group], channels.sum(1))
    view = mask[:, :1].expand(-1, 6, -1, -1)
    assert torch.equal(valid_channels(view, groups), valid_channels(view.clone(), groups))
