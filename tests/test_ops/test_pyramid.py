"""Fillings without weights: against plain loops over numbers, by hand, and at the borders of what is allowed."""
import math

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from mmpconv.ops import oriented_fills, pyramid_fill

SIZES = [(1, 1), (2, 2), (1, 7), (5, 1), (8, 8), (9, 13), (16, 3)]
KERNEL = (1, 3, 3, 1)


def filled_by_loops(image: list[list[float]], valid: list[list[float]], saturation: float) -> list[list[float]]:
    """The definition of :func:`pyramid_fill` for one channel, number by number."""
    h, w = len(image), len(image[0])
    if h == w == 1:
        return [[image[0][0] if valid[0][0] else 0.]]
    coarse, coarse_valid = [], []
    for i in range(math.ceil(h / 2)):
        coarse.append([])
        coarse_valid.append([])
        for j in range(math.ceil(w / 2)):
            num = den = 0.
            for a, wa in enumerate(KERNEL):
                for b, wb in enumerate(KERNEL):
                    y, x = 2 * i - 1 + a, 2 * j - 1 + b
                    if 0 <= y < h and 0 <= x < w and valid[y][x]:
                        den += wa * wb / 64 * valid[y][x]
                        num += wa * wb / 64 * valid[y][x] * image[y][x]
            coarse[-1].append(num / den if den else 0.)
            coarse_valid[-1].append(min(1., max(2**-20, saturation * den)) if den else 0.)
    below = filled_by_loops(coarse, coarse_valid, saturation)

    def between(row: float, column: float) -> float:
        """Bilinear, the pixels' centres at whole numbers, and beyond the outermost what they are."""
        row, column = min(max(row, 0.), len(below) - 1.), min(max(column, 0.), len(below[0]) - 1.)
        y, x = int(row), int(column)
        y1, x1 = min(y + 1, len(below) - 1), min(x + 1, len(below[0]) - 1)
        a, b = row - y, column - x
        return ((1 - a) * ((1 - b) * below[y][x] + b * below[y][x1])
                + a * ((1 - b) * below[y1][x] + b * below[y1][x1]))

    return [[valid[y][x] * (image[y][x] if valid[y][x] else 0.) + (1 - valid[y][x]) * between(y / 2 - .25, x / 2 - .25)
             for x in range(w)] for y in range(h)]


def line_filled_by_loops(image: list[float], valid: list[float], saturation: float) -> list[float]:
    """The same of one line: an image that is one pixel wide, of which the kernel sees the middle only."""
    n = len(image)
    if n == 1:
        return [image[0] if valid[0] else 0.]
    coarse, coarse_valid = [], []
    for i in range(math.ceil(n / 2)):
        taps = [(k / 8 * valid[p], image[p]) for k, p in zip(KERNEL, range(2 * i - 1, 2 * i + 3))
                if 0 <= p < n and valid[p]]
        den = sum(weight for weight, _ in taps)
        coarse.append(sum(weight * value for weight, value in taps) / den if den else 0.)
        coarse_valid.append(min(1., max(2**-20, saturation * den)) if den else 0.)
    below = line_filled_by_loops(coarse, coarse_valid, saturation)
    out = []
    for p in range(n):
        place = min(max(p / 2 - .25, 0.), len(below) - 1.)
        first = int(place)
        second, share = min(first + 1, len(below) - 1), place - first
        finer = (1 - share) * below[first] + share * below[second]
        out.append(valid[p] * (image[p] if valid[p] else 0.) + (1 - valid[p]) * finer)
    return out


def _random(size: tuple[int, int], kind: str, channels: int = 2, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(2, channels, *size, dtype=torch.float64, generator=generator)
    mask = torch.rand(2, 1, *size, dtype=torch.float64, generator=generator)
    return image, mask if kind == 'soft' else (mask > 0.6).double()


@pytest.mark.parametrize('kind', ['binary', 'soft'])
@pytest.mark.parametrize('size', SIZES, ids=str)
def test_pyramid_is_what_plain_loops_compute(size, kind):
    image, mask = _random(size, kind)
    filled = pyramid_fill(image, mask, 3.5)
    for n in range(2):
        for c in range(2):
            expected = filled_by_loops(image[n, c].tolist(), mask[n, 0].tolist(), 3.5)
            assert_close(filled[n, c], torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize('size', SIZES, ids=str)
def test_oriented_fills_are_what_plain_loops_compute_along_each_line(size):
    image, mask = _random(size, 'binary', channels=1)
    fills = oriented_fills(image, mask, 5.)
    assert fills.shape == (2, 9, 1, *size)
    smooth = pyramid_fill(image, mask, 5.)
    assert torch.equal(fills[:, 0], smooth)
    # (down, right) from pixel to pixel of a line
    steps = [(0, 1), (1, 0), (1, -1), (1, 1), (1, -2), (1, 2), (-2, 1), (2, 1)]
    h, w = size
    for n in range(2):
        m = mask[n, 0].tolist()
        for fill, (down, right) in zip(fills[n, 1:, 0], steps):
            for y0 in range(h):
                for x0 in range(w):
                    if 0 <= y0 - down < h and 0 <= x0 - right < w:
                        continue  # not where a line enters the image
                    line, (y, i) = [], (y0, x0)
                    while 0 <= y < h and 0 <= i < w:
                        line.append((y, i))
                        y, i = y + down, i + right
                    if not any(m[y][i] for y, i in line):
                        assert all(fill[y, i] == smooth[n, 0, y, i] for y, i in line)


def test_rows_and_columns_are_filled_as_the_definition_says():
    image, mask = _random((11, 6), 'binary', channels=1, seed=3)
    mask[:, :, 0] = 1  # every column has something
    rows, columns = oriented_fills(image, mask, 5.)[0, 1:3, 0]
    for j in range(6):
        expected = line_filled_by_loops(image[0, 0, :, j].tolist(), mask[0, 0, :, j].tolist(), 5.)
        assert_close(columns[:, j], torch.tensor(expected, dtype=torch.float64))
    for i in range(11):
        if mask[0, 0, i].any():
            expected = line_filled_by_loops(image[0, 0, i].tolist(), mask[0, 0, i].tolist(), 5.)
            assert_close(rows[i], torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize('number, down, right', [(1, 0, 1), (2, 1, 0), (3, 1, -1), (4, 1, 1), (5, 1, -2), (6, 1, 2),
                                                 (7, -2, 1), (8, 2, 1)])
def test_stripes_along_a_direction_are_continued_by_its_filling_alone(number, down, right):
    y, x = torch.meshgrid(torch.arange(48), torch.arange(48), indexing='ij')
    # Constant along the direction, and changing across it from line to line.
    across = (x * down - y * right).double()
    image = torch.sin(across * 1.3)[None, None]
    mask = torch.ones(1, 1, 48, 48, dtype=torch.float64)
    mask[..., 20:28, 20:28] = 0
    errors = (oriented_fills(image, mask) - image[:, None])[..., 20:28, 20:28].abs().amax((0, 2, 3, 4))
    assert errors[number] < 1e-9
    assert errors.argmin() == number and errors.sort()[0][1] > 0.1


@pytest.mark.parametrize('fill', [pyramid_fill, oriented_fills])
class TestBoth:

    def test_valid_pixels_come_out_as_they_went_in(self, fill):
        image, mask = _random((13, 10), 'binary')
        for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
            out = fill(image.to(dtype), mask)
            assert out.dtype == dtype
            out = out if fill is pyramid_fill else out.transpose(0, 1)
            assert torch.equal((out * mask.to(dtype)).expand_as(out), (image * mask).to(dtype).expand_as(out))

    def test_nothing_of_the_holes_reaches_the_output(self, fill):
        image, mask = _random((9, 12), 'binary')
        clean = fill(image, mask)
        assert torch.equal(fill(image.masked_fill(mask == 0, math.nan), mask), clean)
        assert torch.equal(fill(image.masked_fill(mask == 0, math.inf), mask), clean)

    def test_a_constant_is_continued(self, fill):
        _, mask = _random((33, 20), 'binary')
        assert_close(fill(torch.full((2, 3, 33, 20), 0.7), mask),
                     fill(torch.full((2, 3, 33, 20), 0.7), torch.ones_like(mask)))

    def test_without_a_valid_pixel_all_is_zero(self, fill):
        assert not fill(torch.rand(1, 3, 6, 5), torch.zeros(1, 1, 6, 5)).any()

    def test_lone_pixels_of_a_large_image_survive_half_precision(self, fill):
        mask = torch.zeros(1, 1, 512, 512)
        mask[..., 3, 5] = 1
        for dtype in (torch.float16, torch.bfloat16):
            out = fill(torch.full((1, 1, 512, 512), 0.5, dtype=dtype), mask)
            assert (out - 0.5).abs().max() < 0.01

    def test_gradients_are_right(self, fill):
        image, mask = _random((5, 6), 'binary')
        image.requires_grad_()
        assert torch.autograd.gradcheck(lambda x: fill(x, mask), image)

    def test_convention_mask_is_a_constant_and_may_be_shared_and_of_any_dtype(self, fill):
        image, mask = _random((7, 6), 'binary')
        soft = mask[:1].clone().requires_grad_()
        assert not fill(image, soft).requires_grad
        for dtype in (torch.bool, torch.uint8, torch.float16):
            assert torch.equal(fill(image, mask[:1].to(dtype)), fill(image, mask[:1].expand(2, -1, -1, -1)))

    def test_autocast_does_not_round_the_image(self, fill):
        image, mask = _random((16, 16), 'binary')
        with torch.autocast('cpu', torch.bfloat16):
            out = fill(image.float(), mask)
        assert torch.equal(out, fill(image.float(), mask))

    @pytest.mark.parametrize('arguments, message', [
        ((torch.rand(3, 8, 8), torch.ones(1, 1, 8, 8)), r'input has 3 dimensions.*input\[None\]'),
        ((torch.ones(1, 3, 8, 8, dtype=torch.uint8), torch.ones(1, 1, 8, 8)), 'must be floating point'),
        ((torch.rand(1, 3, 8, 8), torch.ones(1, 3, 8, 8)), 'mask has 3 channels'),
        ((torch.rand(1, 3, 8, 8), torch.ones(1, 1, 8, 9)), 'mask is of size'),
        ((torch.rand(1, 3, 8, 8), torch.ones(1, 1, 8, 8), 0), 'saturation is 0 but must be above 0'),
    ])
    def test_operands_that_do_not_fit_are_refused(self, fill, arguments, message):
        with pytest.raises((ValueError, TypeError), match=message):
            fill(*arguments)

    def test_exports_for_any_size(self, fill):
        import torch.fx.experimental._config as symbolic_shapes
        from torch.export import Dim, export

        class Module(torch.nn.Module):
            def forward(self, image, mask):
                return fill(image, mask)

        if not hasattr(symbolic_shapes, 'backed_size_oblivious'):
            pytest.skip('torch before 2.8 cannot')
        sizes = {0: Dim('n', min=1), 2: Dim('h', min=1), 3: Dim('w', min=1)}
        with symbolic_shapes.patch(backed_size_oblivious=True):
            program = export(Module(), (torch.rand(2, 3, 37, 50), torch.ones(2, 1, 37, 50)),
                             dynamic_shapes=(sizes, sizes)).module()
        for size in ((64, 64), (33, 129), (1, 1), (5, 70)):
            image, mask = _random(size, 'binary', channels=3)
            image, mask = image.float(), mask.float()
            assert_close(program(image, mask), fill(image, mask), atol=1e-6, rtol=0)


def test_pyramid_by_hand():
    """Three valid pixels of weights 9/64 each: the fourth is their mean, of the one coarser pixel."""
    filled = pyramid_fill(torch.tensor([[[[1., 9.], [3., 2.]]]]), torch.tensor([[[[1., 0.], [1., 1.]]]]))
    assert_close(filled, torch.tensor([[[[1., 2.], [3., 2.]]]]))
