"""Activations of a network near the border of a photo: zero padding, partial padding, no border."""
import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mmpconv.errors import LaunchError
from mmpconv.padding import convert_padding

ZERO, PARTIAL, NO_BORDER = 'zero padding', 'partial padding', 'no border'
# Pixels of the photo around what the padded networks see. Layers have strides that divide it.
SURROUNDINGS = 64
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


@torch.no_grad()
def activations(network: nn.Module, image: Tensor, layers: Sequence[str] | None = None) -> dict[str, Tensor]:
    """Mean over channels of the absolute output of some modules, in the order in which they compute.

    Args:
        network: In evaluation mode.
        image: ``(1, C, H, W)``.
        layers: Names of modules. None: all whose output is one map, ``(1, C', H', W')``.

    Returns:
        dict[str, Tensor]: ``(H', W')`` by name.

    Raises:
        LaunchError: The network has no such module, its output is not a map, or the image does not fit.
    """
    modules = {name: module for name, module in network.named_modules() if name}
    _check_names(layers or [], modules)
    seen = {}

    def keep(name, output):
        if isinstance(output, Tensor) and output.dim() == 4 and output.shape[1:].numel():
            seen[name] = output.abs().mean((0, 1))

    hooks = [module.register_forward_hook(lambda module, args, output, name=name: keep(name, output))
             for name, module in modules.items() if layers is None or name in layers]
    try:
        network(image)
    except (RuntimeError, ValueError, AssertionError) as error:
        raise LaunchError(f'this network cannot process an image of {image.shape[-1]} x {image.shape[-2]} pixels '
                          f'({error}); choose another --network or --size') from error
    finally:
        for hook in hooks:
            hook.remove()
    for layer in layers or []:
        if layer not in seen:
            raise LaunchError(f'layer {layer} ({type(modules[layer]).__name__}) gives no map of activations; '
                              'choose other --layers')
    return seen


def _check_names(layers: Sequence[str], modules: Mapping[str, nn.Module]) -> None:
    for layer in layers:
        if layer not in modules:
            valid = ', '.join(name for name in modules if name.count('.') < 2)
            raise LaunchError(f'--layers has {layer!r}, which is no layer of this network; its layers are {valid}, '
                              'and their parts')


def _cut_out(values: Tensor, shape: torch.Size, size: int) -> Tensor | None:
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
