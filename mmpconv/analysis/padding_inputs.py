"""The photo and the networks in which padding is looked at, and their activations."""
import copy
import difflib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
import torchvision
from torch import Tensor, nn

from mmpconv.checkpoints.loading import load_from_local
from mmpconv.errors import LaunchError
from mmpconv.photos import UnreadableImageError
from mmpconv.photos.decoding import decode

# Pixels of the photo around what the padded networks see. Layers have strides that divide it.
SURROUNDINGS = 64
STRIDE = 32  # of torchvision's networks
_MEAN, _STD = (torch.tensor(values).view(3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))


def load_photo(path: Path | None) -> np.ndarray:
    """Read a photo, upright, ``(H, W, 3)`` RGB bytes; without a path, scikit-image's astronaut.

    Raises:
        LaunchError: There is no such file, or it is no photo.
    """
    if path is None:
        from skimage import data
        return data.astronaut()
    try:
        return decode(path.read_bytes(), str(path), channel_order='rgb')
    except (OSError, UnreadableImageError) as error:
        reason = getattr(error, 'reason', None) or (
            'there is no such file' if isinstance(error, FileNotFoundError) else error.strerror)
        raise LaunchError(f'cannot read the photo {path}: {reason}; give a JPEG, PNG or another format of pictures'
                          ) from error


def as_tensor(photo: np.ndarray, top: int, left: int, height: int, width: int) -> Tensor:
    """A window of a photo `(H, W, 3)` of bytes as `(1, 3, height, width)` in [0, 1]."""
    window = torch.from_numpy(photo[top:top + height, left:left + width].copy())
    return window.permute(2, 0, 1)[None].float() / 255


def middle(photo: np.ndarray, size: int) -> Tensor:
    """The middle of a photo, scaled so that the short side is ``size`` and ``SURROUNDINGS`` on both sides.

    Args:
        photo: ``(H, W, 3)``, bytes.
        size: Of what the padded networks are to see, in pixels.

    Returns:
        Tensor: ``(1, 3, S, S)`` in [0, 1], where ``S = size + 2 * SURROUNDINGS``.

    Raises:
        LaunchError: ``size`` does not fit the networks or the photo.
    """
    if size < STRIDE or size % STRIDE:
        raise LaunchError(f'--size is {size} but must be a multiple of {STRIDE}, such as 224')
    height, width = photo.shape[:2]
    side = size + 2 * SURROUNDINGS
    if min(height, width) < side:
        largest = (min(height, width) - 2 * SURROUNDINGS) // STRIDE * STRIDE
        remedy = f'use --size {largest} or less, or a larger photo' if largest > 0 else 'use a larger photo'
        raise LaunchError(f'the photo is {width}x{height} pixels but must be at least {side}x{side}: --size {size} '
                          f'and {SURROUNDINGS} around it on each side, to compare with; {remedy}')
    scale = side / min(height, width)
    if scale < 1:
        photo = cv2.resize(photo, (max(side, round(width * scale)), max(side, round(height * scale))),
                           interpolation=cv2.INTER_AREA)
    top, left = ((n - side) // 2 for n in photo.shape[:2])
    return as_tensor(photo, top, left, side, side)


def normalise(image: Tensor) -> Tensor:
    """An image in [0, 1] as networks trained on ImageNet see it."""
    return (image - _MEAN) / _STD


def build_networks(name: str, checkpoint: Path | None = None) -> dict[str, tuple[nn.Module, bool]]:
    """A network of torchvision with zero padding: with the weights of a checkpoint, or two with made-up ones.

    The two are opposites. Averaging filters take the mean of what they see, and pass brightness on; they
    see the photo in [0, 1], where black is 0 as the padding is. Filters of random sign, as networks are
    initialised, answer to contrast.

    Args:
        name: A classification network of torchvision, such as ``'resnet18'``.
        checkpoint: File with torchvision's keys. Its classifier, which is not looked at, may have other classes.

    Returns:
        dict[str, tuple[Module, bool]]: By the name of the weights: network in evaluation mode, and whether the photo
        has to be normalised as for ImageNet.

    Raises:
        LaunchError: torchvision has no such network, or the checkpoint is of another one.
        CheckpointError: The checkpoint cannot be read.
    """
    names = torchvision.models.list_models(module=torchvision.models)
    if name not in names:
        near = ', '.join(difflib.get_close_matches(name, names, 3, 0.5) or ('resnet18', 'resnet50', 'vgg16'))
        raise LaunchError(f'--network is {name!r} but must be a classification network of torchvision, such as {near}')
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = torchvision.models.get_model(name, weights=None).eval()
    if checkpoint is not None:
        _load(network, name, checkpoint)
        return {checkpoint.name: (network, True)}
    return {'averaging filters': (_averaging(copy.deepcopy(network)), False),
            'filters of random sign': (network, True)}


def _averaging(network: nn.Module) -> nn.Module:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1 / module.weight[0].numel())
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


def _load(network: nn.Module, name: str, file: Path) -> None:
    checkpoint = load_from_local(str(file), map_location='cpu')
    state = checkpoint.get('state_dict', checkpoint) if isinstance(checkpoint, dict) else {}
    state = {str(key).removeprefix('module.'): value for key, value in state.items()}
    expected = network.state_dict()
    classifier = [*expected][-2:]
    wrong = [key for key, value in expected.items() if key not in classifier
             and getattr(state.get(key), 'shape', None) != value.shape]
    if wrong:
        raise LaunchError(f'{file} is not a checkpoint of {name} with the names of torchvision: {wrong[0]} is missing '
                          f'or of another shape, and {len(wrong) - 1} more; give the right --network')
    network.load_state_dict({key: state[key] for key in expected if key not in classifier}, strict=False)


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
    for layer in layers or []:
        if layer not in modules:
            valid = ', '.join(name for name in modules if name.count('.') < 2)
            raise LaunchError(f'--layers has {layer!r}, which is no layer of this network; its layers are {valid}, '
                              'and their parts')
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
