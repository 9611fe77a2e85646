"""A network on tiles of an image against the whole: differences along the seams, as a table and a picture."""
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from mmpconv.errors import LaunchError
from mmpconv.padding import convert_padding
from mmpconv.whole_files import read_json

from .padding_comparison.further import trained_model
from .padding_inputs import as_tensor, build_networks, normalise
from .padding_maps import mean_by_distance

# From an image (1, 3, H, W) to features or logits (1, C, H / stride, W / stride).
Mapping = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Seams:
    """Differences of the tiles of an image from the whole, in percent, cell by cell.

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
        return mean_by_distance(self.difference, self.distance)

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
        raise LaunchError('the network answers nothing to this image, so that nothing can be compared; use another '
                          'photo, --layer or --checkpoint')
    return Seams((100 * (tiled - whole)[0].double().norm(dim=0) / scale).numpy(), tile // stride)


def seam_table(found: Sequence[tuple[str, str, Seams]]) -> str:
    """A line a network and padding: mean, over its runs, of the difference at seams and inside of tiles.

    Args:
        found: Network, padding and seams, one a run.
    """
    lines = ['| network | padding | runs | at seams, % | inside tiles, % |', '| - | - | -: | -: | -: |']
    for network, paddings in _grouped(found).items():
        for padding, runs in paddings.items():
            lines.append(f'| {network} | {padding} | {len(runs)} | {_mean([seams.at_seams for seams in runs])} | '
                         f'{_mean([seams.inside for seams in runs])} |')
    return '\n'.join(lines)


def _grouped(found: Sequence[tuple[str, str, Seams]]) -> dict[str, dict[str, list[Seams]]]:
    """The runs by network and padding."""
    groups: dict[str, dict[str, list[Seams]]] = {}
    for network, padding, seams in found:
        groups.setdefault(network, {}).setdefault(padding, []).append(seams)
    return groups


def _mean(values: Sequence[float]) -> str:
    spread = f' +- {np.std(values, ddof=1):.2f}' if len(values) > 1 else ''
    return f'{np.mean(values):.2f}{spread}'


MODES = {'zero': None, 'partial': 'partial', 'reflect': 'reflect', 'replicate': 'replicate'}
NOTE = ('Difference of tiles to the whole image, in % of the root mean square of the whole; '
        'the same scale in all maps of a network.')


def tiles_of(photo: np.ndarray, tile: int, width: int) -> Tensor:
    """The middle of a photo as ``(1, 3, H, W)`` in [0, 1], of as many whole tiles as fit into this width.

    Raises:
        LaunchError: Not two tiles do.
    """
    scale = min(1, width / photo.shape[1])
    if scale < 1:
        photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rows, columns = (size // tile for size in photo.shape[:2])
    if rows * columns < 2:
        raise LaunchError(f'--tile is {tile}, but the photo has {photo.shape[1]}x{photo.shape[0]} pixels and must hold '
                          'at least two tiles; give a smaller one, or a larger photo')
    top, left = ((size - count * tile) // 2 for size, count in zip(photo.shape, (rows, columns)))
    return as_tensor(photo, top, left, rows * tile, columns * tile)


def converted(name: str, checkpoint: Path | None, layer: str | None) -> Iterator[tuple[str, str, Mapping]]:
    """A network of torchvision in each padding, not trained again: network, padding, and the mapping."""
    for weights, (network, normalised) in build_networks(name, checkpoint).items():
        for padding, mode in MODES.items():
            other = copy.deepcopy(network)
            if mode:
                convert_padding(other, mode)
            features = _features(other, layer)
            yield (f'{name}, {weights}', padding,
                   lambda image, features=features, normalised=normalised: features(
                       normalise(image) if normalised else image))


def _features(network: nn.Module, layer: str | None) -> Mapping:
    """The output of a layer; by default of the last but one of the networks' parts, which still has a map."""
    modules = dict(network.named_modules())
    if layer is None:
        layer = 'features' if 'features' in modules else 'layer4' if 'layer4' in modules else ''
    if not layer or layer not in modules:
        raise LaunchError(f'--layer has to name a layer of this network whose output is a map: {layer!r} is none')
    seen = []
    modules[layer].register_forward_hook(lambda module, args, output: seen.append(output))

    def features(image: Tensor) -> Tensor:
        seen.clear()
        network(image)
        return seen[0]

    return features


def trained(folder: Path) -> Iterator[tuple[str, str, Mapping]]:
    """The networks of the finished runs of a comparison, each with the padding it was trained with.

    Raises:
        LaunchError: There is none in the folder.
    """
    scores = sorted(folder.glob('*/seed-*/score.json'))
    if not scores:
        raise LaunchError(f'--runs is {folder}, where no run of a comparison has finished; give the work dir of '
                          'mmpconv compare-padding')
    for path in scores:
        score = read_json(path)
        files = sorted(path.parent.glob('*_[0-9]*.pth'), key=lambda file: int(file.stem.rpartition('_')[2]))
        if not files:
            raise LaunchError(f'{path.parent} has no checkpoint any more')
        model = trained_model(read_json(path.parent / 'settings.json')['config'], files[-1])

        def logits_or_features(image, model=model):
            image = normalise(image)  # all of these were trained on ImageNet's mean and deviation
            return model.encode_decode(image, [dict(img_shape=image.shape[2:])]) if hasattr(
                model, 'encode_decode') else model.backbone(image)[-1]

        yield score['network'], score['padding'], logits_or_features


def draw(image: Tensor, found: Sequence[tuple[str, str, Seams]]) -> Figure:
    """Draw the photo, and for each network a map a padding (of its first run) and the means by distance from a seam."""
    groups = _grouped(found)
    paddings = list(dict.fromkeys(padding for _, padding, _ in found))
    figure = Figure(figsize=(2.6 * (len(paddings) + 2), 2.4 * len(groups) + 0.6), layout='constrained')
    axes = figure.subplots(len(groups), len(paddings) + 2, squeeze=False)
    for (photo, *maps, profile), (network, runs) in zip(axes, groups.items()):
        first = next(iter(runs.values()))[0]
        photo.imshow(image[0].permute(1, 2, 0).numpy())
        photo.set_ylabel(network, fontsize=8)
        for line, size, cells in zip((photo.axhline, photo.axvline), image.shape[2:], first.difference.shape):
            tile = first.tile * size // cells
            for place in range(tile, size, tile):
                line(place - 0.5, color='white', linewidth=1)
        highest = max(np.quantile(seams[0].difference, 0.99) for seams in runs.values())
        for axis, padding in zip(maps, paddings):
            if padding in runs:
                shown = axis.imshow(runs[padding][0].difference, cmap='magma', vmin=0, vmax=highest,
                                    interpolation='nearest')
                axis.set_title(f'{padding}: {np.mean([seams.at_seams for seams in runs[padding]]):.1f} % at seams',
                               fontsize=9)
                profile.plot(np.mean([seams.profile() for seams in runs[padding]], axis=0), marker='.', label=padding)
        for axis in (photo, *maps):
            axis.set(xticks=[], yticks=[])
        figure.colorbar(shown, ax=maps[-1], fraction=0.05).ax.tick_params(labelsize=7)
        profile.set_title('mean, by cells from a seam', fontsize=9)
        profile.set_ylim(0)
        profile.grid(alpha=0.3)
        profile.legend(fontsize=7)
        profile.tick_params(labelsize=7)
    figure.supxlabel(NOTE, x=0.01, ha='left', fontsize=8)
    return figure
