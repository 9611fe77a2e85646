"""Whether an exported file computes what PyTorch computes."""
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from rich.table import Table
from torch import Tensor

from mmpconv.apis.inpainter.picture_network import PictureNetwork
from mmpconv.errors import LaunchError

TOLERANCE = 1e-4  # of colours in [0, 1]
SHAPES = ((1, 256, 256), (2, 200, 312), (1, 33, 57), (3, 7, 130), (1, 1, 1))


@dataclass(frozen=True)
class Comparison:
    """Of one batch.

    Attributes:
        shape: Batch, height and width. hole: Which kind.
        difference: Largest difference of the filled colours in [0, 1]; infinite if what was reached differs.
        allowed: Largest that is taken for float rounding.
    """

    shape: tuple[int, int, int]
    hole: str
    difference: float
    allowed: float


def compare(run: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], network: PictureNetwork) -> list[Comparison]:
    """Run both on photos of several shapes, with holes of several kinds.

    Args:
        run: What has been exported, called as the network. It gets NaN in the holes, which the network does not.
        network: What it was exported from, on the CPU.
    """
    generator = torch.Generator().manual_seed(0)
    comparisons = []
    for shape in SHAPES:
        batch, height, width = shape
        image = torch.rand(batch, 3, height, width, generator=generator)
        for kind, hole in _holes(shape, generator).items():
            with torch.inference_mode():
                expected = network(image, hole)
            got = run(image.masked_fill(hole > 0, torch.nan), hole)
            difference = _difference(expected, got)
            allowed = TOLERANCE if difference <= TOLERANCE else max(TOLERANCE, 100 * _rounding(network, image, hole))
            comparisons.append(Comparison(shape, kind, difference, allowed))
    return comparisons


def require_agreement(comparisons: Sequence[Comparison], path: str) -> None:
    """Refuse a file that computes something else.

    Raises:
        LaunchError: Says where the difference is largest.
    """
    worst = max(comparisons, key=lambda comparison: comparison.difference / comparison.allowed)
    if worst.difference > worst.allowed:
        batch, height, width = worst.shape
        raise LaunchError(
            f'{path} was not written: what was exported differs from PyTorch by {worst.difference:.1e} (up to '
            f'{worst.allowed:.1e} is rounding) for {batch} x {height} x {width} pixels, hole: {worst.hole}; use the '
            'versions of torch, onnxscript and onnxruntime that requirements/lock.txt names')


def table_of(comparisons: Sequence[Comparison], runtime: str) -> Table:
    """The differences, a row for each shape and a column for each kind of hole. ``runtime`` is who ran the export."""
    kinds = dict.fromkeys(comparison.hole for comparison in comparisons)
    table = Table('photos', *kinds, title=f'{runtime} against PyTorch', title_justify='left',
                  caption='Largest difference of colours in [0, 1], by kind of hole', caption_justify='left')
    for shape in dict.fromkeys(comparison.shape for comparison in comparisons):
        batch, height, width = shape
        table.add_row(f'{batch} x {height} x {width}', *(f'{comparison.difference:.1e}' for comparison in comparisons
                                                         if comparison.shape == shape))
    return table


def _holes(shape: tuple[int, int, int], generator: torch.Generator) -> dict[str, Tensor]:
    batch, height, width = shape
    box = torch.zeros(batch, 1, height, width)
    box[:, :, height // 4:3 * height // 4, width // 4:3 * width // 4] = 1
    scattered = (torch.rand(box.shape, generator=generator) < 0.5).float()
    return {'a box': box, 'scattered': scattered, 'none': torch.zeros_like(box), 'all': torch.ones_like(box)}


def _rounding(network: PictureNetwork, image: Tensor, hole: Tensor) -> float:
    """How far PyTorch itself is off. Much, where a network that is hardly trained has values of many hundreds; others
    add up in another order and were off ten to thirty times as far.
    """
    exact = copy.deepcopy(network).double()
    with torch.inference_mode():
        filled = network(image, hole)[0]
        return (filled - exact(image.double(), hole.double())[0]).abs().max().item()


def _difference(expected: tuple[Tensor, Tensor], got: tuple[Tensor, Tensor]) -> float:
    (filled, reached), (got_filled, got_reached) = expected, got
    if got_filled.shape != filled.shape or not torch.equal(got_reached > 0, reached > 0):
        return torch.inf
    return (got_filled - filled).abs().nan_to_num(torch.inf).max().item()
