"""The networks of two published re-implementations, written from what they compute: the converters' oracle.

Names of modules, and so of weights, are theirs; layers are counted from 1.
"""
import torch
import torch.nn.functional as F
from torch import nn


def ones_kernel(in_channels, out_channels, kernel_size, stride, padding):
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=False)
    nn.init.ones_(conv.weight)
    return conv


class NaotoPartialConv(nn.Module):
    """The sum over valid positions divided by their number; the bias is not divided; 0 where there is none."""

    def __init__(self, in_channels, out_channels, kernel_size, stride, bias):
        super().__init__()
        self.input_conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2, bias=bias)
        self.mask_conv = ones_kernel(in_channels, out_channels, kernel_size, stride, kernel_size // 2)

    def forward(self, x, mask):
        count = self.mask_conv(mask)
        bias = 0 if self.input_conv.bias is None else self.input_conv.bias[:, None, None]
        out = (self.input_conv(x * mask) - bias) / count.clamp(min=1) + bias
        return out * (count > 0), (count > 0).to(x.dtype)


class NaotoBlock(nn.Module):

    def __init__(self, in_channels, out_channels, kernel_size=3, stride=1, bn=True, slope=0., bias=False):
        super().__init__()
        self.conv = NaotoPartialConv(in_channels, out_channels, kernel_size, stride, bias)
        if bn:
            self.bn = nn.BatchNorm2d(out_channels)
        self.slope = slope

    def forward(self, x, mask):
        x, mask = self.conv(x, mask)
        x = self.bn(x) if hasattr(self, 'bn') else x
        return x if self.slope is None else F.leaky_relu(x, self.slope), mask


class NaotoPConvUNet(nn.Module):
    """RGB, ImageNet-normalised; sizes are multiples of ``2^layers``."""

    def __init__(self, layers=7, width=64):
        super().__init__()
        self.layers = layers
        c = [3, *(width * min(2**i, 8) for i in range(layers))]
        for i in range(1, layers + 1):
            setattr(self, f'enc_{i}', NaotoBlock(c[i - 1], c[i], {1: 7, 2: 5, 3: 5}.get(i, 3), 2, bn=i > 1))
            setattr(self, f'dec_{i}', NaotoBlock(c[i] + c[i - 1], c[i - 1], bn=i > 1, bias=i == 1,
                                                 slope=0.2 if i > 1 else None))

    def forward(self, x, mask):
        skips = [(x, mask)]
        for i in range(1, self.layers + 1):
            skips.append(getattr(self, f'enc_{i}')(*skips[-1]))
        both = skips.pop()
        for i in range(self.layers, 0, -1):
            up = [F.interpolate(t, scale_factor=2, mode='nearest') for t in both]
            both = getattr(self, f'dec_{i}')(*(torch.cat(pair, 1) for pair in zip(up, skips.pop())))
        return both


class SunnerPartialConv(nn.Module):
    """As above, but with its bias also where nothing is valid; padding is a module of its own."""

    def __init__(self, in_channels, out_channels, kernel_size, stride):
        super().__init__()
        self.mask_conv = nn.Sequential(nn.ZeroPad2d(kernel_size // 2),
                                       ones_kernel(in_channels, out_channels, kernel_size, stride, 0))
        self.img_conv = nn.Sequential(nn.ZeroPad2d(kernel_size // 2),
                                      nn.Conv2d(in_channels, out_channels, kernel_size, stride))

    def forward(self, x, mask):
        count = self.mask_conv(mask)
        bias = self.img_conv[1].bias[:, None, None]
        out = (count > 0) * (self.img_conv(x * mask) - bias) / (count + 1e-20) + bias
        return out, count.clamp(0, 1)


class SunnerPartialBlock(nn.Module):

    def __init__(self, in_channels, out_channels, kernel_size, stride, norm, decoder):
        super().__init__()
        if norm:
            self.norm = nn.BatchNorm2d(out_channels)
        self.pconv = SunnerPartialConv(in_channels, out_channels, kernel_size, stride)
        self.decoder = decoder

    def forward(self, x, mask):
        x, mask = self.pconv(x, mask)
        if not self.decoder:
            return F.relu(x), mask  # its result of `norm` is dropped
        return F.leaky_relu(self.norm(x), 0.2) if hasattr(self, 'norm') else x, mask


class SunnerPartialUNet(nn.Module):
    """BGR in [-1, 1], any size: what is upsampled is cut to the size of the skip connection."""

    def __init__(self, width=64):
        super().__init__()
        c = [3, *(width * min(2**i, 8) for i in range(8))]
        for i in range(1, 9):
            setattr(self, f'down{i}', SunnerPartialBlock(c[i - 1], c[i], {1: 7, 2: 5, 3: 5}.get(i, 3), 2, i > 1, False))
            setattr(self, f'up{i}', SunnerPartialBlock(c[i] + c[i - 1], c[i - 1], 3, 1, i > 1, True))

    def forward(self, x, mask):
        skips = [(x, mask)]
        for i in range(1, 9):
            skips.append(getattr(self, f'down{i}')(*skips[-1]))
        both = skips.pop()
        for i in range(8, 0, -1):
            skip = skips.pop()
            h, w = skip[0].shape[2:]
            up = [t.repeat_interleave(2, 2).repeat_interleave(2, 3)[:, :, :h, :w] for t in both]
            both = getattr(self, f'up{i}')(*(torch.cat(pair, 1) for pair in zip(up, skip)))
        return torch.sigmoid(both[0]) * 2 - 1, both[1]


class SunnerLayer(nn.Module):

    def __init__(self, in_channels, out_channels, norm=True):
        super().__init__()
        norm = [nn.BatchNorm2d(out_channels)] if norm else []
        self.layer = nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, 1, 1), *norm, nn.ReLU())

    def forward(self, x):
        return self.layer(x)


class SunnerUNet(nn.Module):
    """BGR in [-1, 1], holes 0; sizes are multiples of 128."""

    def __init__(self, width=64):
        super().__init__()
        c = [3, *(width * min(2**i, 8) for i in range(8))]
        for i in range(1, 9):
            setattr(self, f'down{i}', SunnerLayer(c[i - 1], c[i], norm=i > 1))
        for i in range(2, 9):
            setattr(self, f'up{i}', SunnerLayer(c[i] + c[i - 1], c[i - 1]))
        self.up1 = nn.Conv2d(width, 3, 3, 1, 1)

    def forward(self, x, mask):
        feats = [self.down1(x * mask)]
        for i in range(2, 9):
            feats.append(getattr(self, f'down{i}')(F.max_pool2d(feats[-1], 2)))
        h = feats.pop()
        for i in range(8, 1, -1):
            h = getattr(self, f'up{i}')(torch.cat([feats.pop(), F.interpolate(h, scale_factor=2)], 1))
        return torch.tanh(self.up1(h)), torch.ones_like(x)
