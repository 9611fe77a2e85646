"""Models by name: those of the package, and those published."""
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

from mmpconv.errors import LaunchError

from . import DEFAULT_MODEL

_METAFILES = ('oriented_unet/metafile.yml', 'partial_conv/metafile.yml', 'unet/metafile.yml')


@dataclass(frozen=True)
class ShippedModel:
    """A config, and weights of it.

    Attributes:
        name: File name of the config without suffix.
        config: The file.
        weights: URL of published weights, ``mmpconv://FILE`` for those in this package; None: there are none.
        data: What it is trained on.
    """

    name: str
    config: Path
    weights: str | None
    data: str


@lru_cache
def inpainting_models() -> tuple[ShippedModel, ...]:
    """All of them, those with published weights first."""
    import yaml

    from mmpconv.compat.own_configs import shipped_file

    models = []
    for metafile in _METAFILES:
        path = shipped_file('mmpconv', metafile)
        for model in yaml.safe_load(path.read_text(encoding='utf-8'))['Models']:
            models.append(ShippedModel(model['Name'], path.with_name(Path(model['Config']).name), model.get('Weights'),
                                       model['Results'][0]['Dataset']))
    return tuple(sorted(models, key=lambda model: model.weights is None))


def shipped_model(name: str) -> ShippedModel | None:
    """The model of a name; None if it is not one."""
    return next((model for model in inpainting_models() if model.name == name), None)


def list_models(pattern: str = '*', with_weights: bool = False) -> list[str]:
    """Names of the inpainting networks that :func:`get_model` and :class:`~mmpconv.apis.Inpainter` take.

    Args:
        pattern: Those that match it; ``*`` and ``?`` stand for any characters.
        with_weights: Those alone that have weights, in this package or published.
    """
    return [model.name for model in inpainting_models()
            if fnmatch(model.name, pattern) and (model.weights or not with_weights)]


def get_model(name: str, pretrained: bool = True):
    """An inpainting network as a module of torch, on the CPU.

    Called with images ``(N, 3, H, W)``, RGB in [0, 1], and holes ``(N, 1, H, W)``, 1 = hole, it gives the images with
    their holes filled, and ``(N, 1, H, W)``, 0 where it is too shallow to have seen anything valid. Its attribute
    ``generator`` is the network that a config names. :class:`~mmpconv.apis.Inpainter` fills photos of any size.

    Args:
        name: One of :func:`list_models`.
        pretrained: With the weights of the package, or those published, which are downloaded once. Else weights are
            random, to be trained.

    Returns:
        PictureNetwork: Ready to fill, without gradients; untrained, in training mode and with gradients.

    Raises:
        LaunchError: There is no such model, or there are no weights of it.
        CheckpointError: The weights cannot be had.

    Example:
        >>> import torch
        >>> from mmpconv import get_model
        >>> network = get_model('oriented-unet_1xb4_photos-256x256')
        >>> filled, reached = network(torch.rand(1, 3, 64, 64), torch.zeros(1, 1, 64, 64))
    """
    model = require_model(name)
    from .picture_network import network_of_the_package
    from .trained_network import load_picture_network, untrained_network

    if not pretrained:
        return untrained_network(name)
    if not model.weights:
        raise LaunchError(f'there are no published weights of {name}, only of {", ".join(list_models("*", True))}; '
                          'take one of those, or pretrained=False')
    return network_of_the_package() if name == DEFAULT_MODEL else load_picture_network(name)


def require_model(name: str) -> ShippedModel:
    """The model of a name.

    Raises:
        LaunchError: There is none; the message names those that are called alike.
    """
    model = shipped_model(name)
    if model is None:
        alike = get_close_matches(name, list_models(), 3, 0.4) or list_models('*', True)
        raise LaunchError(f'there is no model {name}; mmpconv models lists them all, such as {", ".join(alike)}')
    return model
