"""Activations near the border of a photo: zero padding, partial padding, no border; compared and drawn."""
import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from mmpconv.errors import LaunchError
from mmpconv.ops import partial_padding_ratio
from mmpconv.padding import convert_padding
from mmpconv.reports import aligned

from .padding_inputs import SURROUNDINGS, activations

ZERO, PARTIAL, NO_BORDER = 'zero padding', 'partial padding', 'no border'
FEWEST_CELLS = 3  # of which one is not at the border


@dataclass
class LayerMaps:
    """The activations of one layer.

    Args:
        weights: Name of the weights of the network.
        layer: Name of the module.
        maps: ``(h, w)`` by ``ZERO``, ``PARTIAL`` and ``NO_BORDER``: the mean over channels of the absolute
            activation.
    """
    weights: str
    layer: str
    maps: dict[str, np.ndarray]

    def profile(self, which: str) -> np.ndarray:
        """Mean at 0, 1, ... cells from the nearest border."""
        return mean_by_distance(self.maps[which], self._distance())

    def border(self, which: str) -> float:
        """Mean in the outermost cells over that of the interior."""
        return float(self.profile(which)[0]) / self.interior(which)

    def interior(self, which: str) -> float:
        """Mean of what is at least half as far from the border as a cell can be."""
        distance = self._distance()
        return float(self.maps[which][distance >= distance.max() / 2].mean())

    def _distance(self) -> np.ndarray:
        """Of each cell from the nearest border, in cells."""
        rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) for n in self.maps[ZERO].shape)
        return np.minimum(rows[:, None], columns)


def mean_by_distance(values: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Means of the values at a distance of 0, 1, ...; those of infinite distance are in none."""
    farthest = int(distance[np.isfinite(distance)].max())
    return np.array([values[distance == cells].mean() for cells in range(farthest + 1)])


def compare(weights: str, network: nn.Module, image: Tensor, layers: Sequence[str] | None = None) -> list[LayerMaps]:
    """Activations of a network with zero padding, with partial padding, and without a border.

    Without a border means: of the whole image, of which the other two see the middle, without the
    ``SURROUNDINGS``; then cut out. It is what padding stands in for.

    Args:
        weights: Name of the weights, for :class:`LayerMaps`.
        network: With zero padding, in evaluation mode; left as it is.
        image: ``(1, C, S, S)``.
        layers: Names of modules. None: the last ones with a quarter and a sixteenth of the size.

    Raises:
        LaunchError: The network has no padding, cannot process the image, or has no such layer.
    """
    partial = copy.deepcopy(network)
    try:
        convert_padding(partial)
    except ValueError as error:
        raise LaunchError(f'this network shows nothing: {error}; choose another --network') from error
    crop = image[..., SURROUNDINGS:-SURROUNDINGS, SURROUNDINGS:-SURROUNDINGS]
    zero = activations(network, crop, layers)
    whole = activations(partial, image, layers)
    cut = {layer: _cut_out(whole[layer], values.shape, crop.shape[-1]) for layer, values in zero.items()
           if layer in whole}
    layers = layers or _typical(cut, crop.shape[-1])
    for layer in layers:
        if cut[layer] is None:
            raise LaunchError(f'layer {layer} has {"x".join(map(str, zero[layer].shape))} cells for {crop.shape[-1]} '
                              'pixels, which cannot be compared with those of a larger image; choose other --layers')
        if len(cut[layer]) < FEWEST_CELLS:
            raise LaunchError(f'layer {layer} has {len(cut[layer])}x{len(cut[layer])} cells, all of them at the '
                              'border; use a larger --size, or other --layers')
    maps = {ZERO: zero, PARTIAL: activations(partial, crop, layers), NO_BORDER: cut}
    found = [LayerMaps(weights, layer, {which: values[layer].numpy() for which, values in maps.items()})
             for layer in layers]
    for compared in found:
        if not all(compared.interior(which) > 0 for which in maps):
            raise LaunchError(f'layer {compared.layer} ({weights}) has no activation in the interior to compare the '
                              'border with; use a photo that is not black, or other --layers or --checkpoint')
    return found


def _cut_out(values: Tensor, shape: Sequence[int], size: int) -> Tensor | None:
    """The part of a map of the whole image that shows the crop; None if the two do not line up."""
    h, w = shape
    if h != w or size % h or SURROUNDINGS % (size // h) or len(values) != h + 2 * SURROUNDINGS * h // size:
        return None
    margin = SURROUNDINGS * h // size
    return values[margin:margin + h, margin:margin + w]


def _typical(maps: Mapping[str, Tensor | None], size: int) -> list[str]:
    found = {}
    for layer, values in maps.items():
        if values is not None and len(values) >= FEWEST_CELLS:
            found[size // len(values)] = layer  # the last one of each size stays
    layers = [found[stride] for stride in (4, 16) if stride in found] or [*found.values()][:2]
    if not layers:
        raise LaunchError('this network has no layer whose activations line up with the image; '
                          'choose another --network')
    return layers


# Side of the image, kernel size, stride, padding, dilation.
WINDOWS = {'3x3': (12, 3, 1, 1, 1), '7x7, stride 2': (24, 7, 2, 3, 1), '3x3, dilation 2': (12, 3, 1, 2, 2)}
CORNER = 5  # cells of the ratio that are shown
STYLE = {ZERO: dict(color='tab:red'), PARTIAL: dict(color='tab:blue'), NO_BORDER: dict(color='black', linestyle=':')}
NOTE = '\n'.join([
    'Maps: mean over channels of the absolute activation; 1 = mean of the interior with no border. '
    'Boxes: the upper left corner, enlarged.',
    f'No border: the same network sees {SURROUNDINGS} more pixels of the photo on each side. This is what padding '
    'stands in for.',
    'Curves: the same means, over all cells at that distance from the nearest border.'])


def draw(image: np.ndarray, rows: Sequence[LayerMaps]) -> Figure:
    """Draw the ratio of typical windows, the photo, and a row for each layer.

    Args:
        image: ``(S, S, 3)`` in [0, 1]; the padded networks saw it without the ``SURROUNDINGS``.
        rows: Activations, one layer a row.
    """
    heights = [2.3, *[2.2] * len(rows)]
    figure = Figure(figsize=(10, sum(heights) + 0.5), layout='constrained')
    above, *below = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    axes = above.subplots(1, len(WINDOWS) + 1, width_ratios=[*[1] * len(WINDOWS), 1.25])
    _title(above, 'Partial padding multiplies the convolution by this ratio, shown in the upper left corner')
    for (window, arguments), axis in zip(WINDOWS.items(), axes):
        ratio = partial_padding_ratio(*([value] * 2 for value in arguments)).numpy()
        _draw_ratio(axis, window, ratio[:CORNER, :CORNER])
    _draw_photo(axes[-1], image)
    for maps, part in zip(rows, below):
        _draw_row(part, maps)
    figure.supxlabel(NOTE, x=0.01, ha='left', fontsize=8)
    return figure


def _title(part: SubFigure, text: str) -> None:
    part.suptitle(text, x=0.01, ha='left', fontsize=10, weight='bold')


def _draw_ratio(axis: Axes, window: str, ratio: np.ndarray) -> None:
    axis.imshow(ratio, cmap='Blues', vmin=1, vmax=4)
    axis.set_title(window, fontsize=9)
    axis.set(xticks=[], yticks=[])
    for (i, j), value in np.ndenumerate(ratio):
        axis.text(j, i, f'{value:.2f}'.rstrip('0').rstrip('.'), ha='center', va='center', fontsize=8,
                  color='white' if value > 2.5 else 'black')


def _draw_photo(axis: Axes, image: np.ndarray) -> None:
    axis.imshow(image)
    axis.set_axis_off()
    axis.set_title('the photo; the frame is what networks see', fontsize=9)
    side = len(image) - 2 * SURROUNDINGS
    axis.add_patch(Rectangle([SURROUNDINGS - 0.5] * 2, side, side, fill=False, color='white', linewidth=2))


def _draw_row(part: SubFigure, maps: LayerMaps) -> None:
    *map_axes, difference_axis, profile_axis = part.subplots(1, 5, width_ratios=[1, 1, 1, 1, 1.25])
    h, w = maps.maps[ZERO].shape
    _title(part, f'{maps.weights}, {maps.layer} ({h} x {w} cells)')
    unit = maps.interior(NO_BORDER)
    relative = {which: values / unit for which, values in maps.maps.items()}
    # A few extreme cells shall not make the rest dark.
    highest = np.quantile(np.stack([*relative.values()]), 0.99)
    for which, axis in zip(STYLE, map_axes):
        shown = _draw_map(axis, which, relative[which], cmap='gray', vmin=0, vmax=highest)
    _colorbar(part, shown, map_axes[-1], 'max')
    difference = relative[PARTIAL] - relative[ZERO]
    bound = np.quantile(np.abs(difference), 0.99)
    shown = _draw_map(difference_axis, 'partial - zero', difference, cmap='RdBu_r', vmin=-bound, vmax=bound)
    _colorbar(part, shown, difference_axis, 'both')
    for which, style in STYLE.items():
        profile_axis.plot(maps.profile(which)[:8] / unit, label=which, marker='.', **style)
    profile_axis.set_ylim(0)
    profile_axis.set_title('mean, by cells from the border', fontsize=9)
    profile_axis.tick_params(labelsize=8)
    profile_axis.grid(alpha=0.3)
    profile_axis.legend(fontsize=7)


def _draw_map(axis: Axes, title: str, values: np.ndarray, **colours):
    shown = axis.imshow(values, interpolation='nearest', **colours)
    axis.set_title(title, fontsize=9)
    axis.set(xticks=[], yticks=[])
    corner = max(4, len(values) // 7)
    inset = axis.inset_axes((0.5, 0.02, 0.48, 0.48), xticks=[], yticks=[])
    inset.imshow(values[:corner, :corner], interpolation='nearest', **colours)
    inset.spines[:].set(color='orange', linewidth=2)
    axis.add_patch(Rectangle((-0.5, -0.5), corner, corner, fill=False, color='orange', linewidth=1.5))
    return shown


def _colorbar(part: SubFigure, shown, axis: Axes, extend: str) -> None:
    part.colorbar(shown, ax=axis, extend=extend, fraction=0.05, pad=0.03).ax.tick_params(labelsize=7)


def summary(rows: Sequence[LayerMaps]) -> str:
    """A line for each layer: the mean activation in the outermost cells, over that of the interior."""
    return aligned([('weights', 'layer', 'cells', *STYLE), *(
        (maps.weights, maps.layer, 'x'.join(map(str, maps.maps[ZERO].shape)),
         *(f'{maps.border(which):.2f}' for which in STYLE)) for maps in rows)])
