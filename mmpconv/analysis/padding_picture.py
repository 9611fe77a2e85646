"""A picture of partial padding: its ratio, and what it does to the activations of a network."""
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle

from mmpconv.ops import partial_padding_ratio
from mmpconv.reports import aligned

from .padding_maps import NO_BORDER, PARTIAL, SURROUNDINGS, ZERO, LayerMaps

# Kernel size, stride, padding, dilation, size of the image.
WINDOWS = {'3x3': (3, 1, 1, 1, 12), '7x7, stride 2': (7, 2, 3, 1, 24), '3x3, dilation 2': (3, 1, 2, 2, 12)}
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
        _draw_ratio(axis, window, ratio_of(*arguments)[:CORNER, :CORNER])
    _draw_photo(axes[-1], image)
    for maps, part in zip(rows, below):
        _draw_row(part, maps)
    figure.supxlabel(NOTE, x=0.01, ha='left', fontsize=8)
    return figure


def _title(part: SubFigure, text: str) -> None:
    part.suptitle(text, x=0.01, ha='left', fontsize=10, weight='bold')


def ratio_of(kernel_size: int, stride: int, padding: int, dilation: int, size: int) -> np.ndarray:
    """The ratio of a square window on a square image."""
    return partial_padding_ratio(*([value] * 2 for value in (size, kernel_size, stride, padding, dilation))).numpy()


def _draw_ratio(axis: Axes, window: str, ratio: np.ndarray) -> None:
    axis.imshow(ratio, cmap='Blues', vmin=1, vmax=4)
    axis.set_title(window, fontsize=9)
    axis.set_xticks([])
    axis.set_yticks([])
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
    for which, axis in zip((ZERO, PARTIAL, NO_BORDER), map_axes):
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
    axis.set_xticks([])
    axis.set_yticks([])
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
    lines = [('weights', 'layer', 'cells', ZERO, PARTIAL, NO_BORDER)]
    for maps in rows:
        lines.append((maps.weights, maps.layer, 'x'.join(map(str, maps.maps[ZERO].shape)),
                      *(f'{maps.border(which):.2f}' for which in (ZERO, PARTIAL, NO_BORDER))))
    return aligned(lines)
