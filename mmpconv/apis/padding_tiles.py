"""What a network makes of a large image in tiles, against the whole image: the difference along seams, by padding."""
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmpconv.errors import LaunchError

# What maps an image (1, 3, H, W) to features or logits (1, C, H / stride, W / stride).
Mapping = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Seams:
    """How much the tiles of an image differ from the whole, in percent, cell by cell.

    Attributes:
        difference: ``(h, w)``: the norm over channels of tiled minus whole, over the root mean square of that norm of
            the whole image.
        tile: Side of a tile in cells.
    """
    difference: np.ndarray
    tile: int

    @property
    def distance(self) -> np.ndarray:
        """Of each cell from the nearest seam between two tiles, in cells; 0 for those that touch one."""
        rows, columns = (self._to_seams(size) for size in self.difference.shape)
        return np.minimum(rows[:, None], columns)

    def _to_seams(self, size: int) -> np.ndarray:
        cells, seams = np.arange(size), np.arange(self.tile, size, self.tile)
        if not len(seams):  # one tile in this direction
            return np.full(size, np.inf)
        to_each = np.where(cells[:, None] < seams, seams - 1 - cells[:, None], cells[:, None] - seams)
        return to_each.min(1)

    def profile(self) -> np.ndarray:
        """Mean difference at 0, 1, ... cells from the nearest seam."""
        distance = self.distance
        return np.array([self.difference[distance == cells].mean()
                         for cells in range(int(distance[np.isfinite(distance)].max()) + 1)])

    @property
    def at_seams(self) -> float:
        """Mean difference of the cells that touch a seam."""
        return float(self.profile()[0])

    @property
    def inside(self) -> float:
        """Mean difference of the cells that are at least half as far from seams as a cell of their tile can be."""
        distance = self.distance
        return float(self.difference[distance >= self.tile // 4].mean())


@torch.no_grad()
def seams_of(network: Mapping, image: Tensor, tile: int) -> Seams:
    """Run a network on an image and on its tiles, which do not overlap.

    Args:
        network: In evaluation mode.
        image: ``(1, 3, H, W)``; H and W are multiples of ``tile``.
        tile: Side of a tile in pixels, a multiple of the stride of the network.

    Raises:
        LaunchError: The image is but one tile, or sizes do not fit.
    """
    height, width = image.shape[2:]
    if height % tile or width % tile or height * width == tile * tile:
        raise LaunchError(f'an image of {width}x{height} pixels cannot be cut into tiles of {tile}; give a --tile of '
                          'which both sides are multiples, and one of them at least two')
    whole = network(image)
    stride = height // whole.shape[2]
    if whole.shape[2] * stride != height or whole.shape[3] * stride != width or tile % stride:
        raise LaunchError(f'the network makes {whole.shape[3]}x{whole.shape[2]} cells of {width}x{height} pixels, '
                          f'which tiles of {tile} pixels cannot line up with; give another --tile or --layer')
    tiled = torch.cat([torch.cat([network(part) for part in row.split(tile, 3)], 3) for row in image.split(tile, 2)], 2)
    if tiled.shape != whole.shape:
        raise LaunchError(f'the network makes {tiled.shape[3]}x{tiled.shape[2]} cells of the tiles, and '
                          f'{whole.shape[3]}x{whole.shape[2]} of the whole image; give a larger --tile')
    norm = whole[0].double().norm(dim=0)
    scale = norm.square().mean().sqrt()
    if not scale > 0:
        raise LaunchError('the network answers nothing to this image, so that no difference can be told; use another '
                          'photo, --layer or --checkpoint')
    return Seams((100 * (tiled - whole)[0].double().norm(dim=0) / scale).numpy(), tile // stride)


def seam_table(found: Sequence[tuple[str, str, Seams]]) -> str:
    """A line a network and padding: mean, over its runs, of the difference at seams and inside of tiles.

    Args:
        found: Network, padding, and what was seen, one a run.
    """
    groups: dict[tuple[str, str], list[Seams]] = {}
    for network, padding, seams in found:
        groups.setdefault((network, padding), []).append(seams)
    lines = ['| network | padding | runs | at seams, % | inside tiles, % |', '| - | - | -: | -: | -: |']
    for (network, padding), runs in groups.items():
        lines.append(f'| {network} | {padding} | {len(runs)} | {_mean([seams.at_seams for seams in runs])} | '
                     f'{_mean([seams.inside for seams in runs])} |')
    return '\n'.join(lines)


def _mean(values: Sequence[float]) -> str:
    spread = f' +- {np.std(values, ddof=1):.2f}' if len(values) > 1 else ''
    return f'{np.mean(values):.2f}{spread}'
