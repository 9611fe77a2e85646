"""Loading of VGG weights: from torchvision, a URL or a local file; complete, or an error."""
import re
from collections import defaultdict

import torch
from torch import Tensor, nn
from torchvision.models import get_model_weights

from mmpconv.checkpoints import CheckpointError
from mmpconv.checkpoints.pretrained import load_pretrained

from .vgg_features import VGG_TYPES, VGGFeatures, vgg_layers

# torchvision's `features.0.weight`, the bare `0.weight` of a Sequential, and MMagic's
# `loss_percep.vgg.vgg_layers.0.weight`, each with whatever stands before.
_KEY = re.compile(r'(?P<prefix>(?:.*\.)?(?:features|vgg_layers)\.|)(?P<layer>\d+)\.(?P<name>\w+)')


class VGGWeightsError(CheckpointError, RuntimeError):
    """The weights of VGG cannot be had. The message names the remedies."""


def check_vgg(vgg_type: str, pretrained: str, taps: list[str]) -> None:
    """Refuse a wrong name of a network, of its weights, or of a layer.

    Raises:
        ValueError: What is wrong, and what is accepted.
    """
    if vgg_type not in VGG_TYPES:
        raise ValueError(f'vgg_type is {vgg_type!r} but must be one of {", ".join(VGG_TYPES)}')
    if not pretrained or not isinstance(pretrained, str):
        raise ValueError(
            f'pretrained is {pretrained!r}, but a perceptual loss of random filters means nothing; use '
            f"pretrained='torchvision://{vgg_type}' or the path of {_file_name(vgg_type)}")
    name = pretrained.removeprefix('torchvision://').lower()
    if name != pretrained.lower() and name.split('.')[0].removesuffix('_weights') != vgg_type:
        raise ValueError(f'pretrained={pretrained!r} is not of vgg_type={vgg_type!r}; '
                         f"use pretrained='torchvision://{vgg_type}' or change vgg_type")
    if name != pretrained.lower() and name.endswith('_features'):
        raise ValueError(f'pretrained={pretrained!r} is for images normalised otherwise than by '
                         f"ImageNet's mean and deviation; use 'torchvision://{vgg_type}'")
    depth = len(vgg_layers(vgg_type))
    for tap in taps:
        if not re.fullmatch('0|[1-9][0-9]*', tap) or int(tap) >= depth:
            raise ValueError(f'{tap!r} names no layer of {vgg_type}; use indices of its features, '
                             f"'0' to '{depth - 1}'")


def load_vgg(vgg_type: str, pretrained: str, taps: list[str], use_input_norm: bool = True) -> VGGFeatures:
    """A VGG with pretrained weights, on the CPU in float32. Draws no random numbers.

    Args:
        vgg_type: Name in torchvision: vgg11, vgg13, vgg16 or vgg19, also with ``_bn``.
        pretrained: ``torchvision://vgg16``, an http(s) URL, or the path of a file with the keys of
            torchvision (``features.0.weight``), of its ``features`` alone (``0.weight``) or of a
            checkpoint by MMagic (``loss_percep.vgg.vgg_layers.0.weight``).
        taps: Indices of layers; the file needs to have the layers up to the deepest only.
        use_input_norm: See :class:`VGGFeatures`.

    Raises:
        ValueError: See :func:`check_vgg`.
        VGGWeightsError: There is no such file, it cannot be downloaded, it lacks a layer, or it is of
            another network.
    """
    check_vgg(vgg_type, pretrained, taps)
    network = vgg_layers(vgg_type)
    state = _select(_fetch(vgg_type, pretrained), network, vgg_type, pretrained, taps)
    layers = network[:max(map(int, taps)) + 1]
    layers.load_state_dict(state, assign=True)
    return VGGFeatures(layers, taps, use_input_norm)


def _fetch(vgg_type: str, pretrained: str) -> dict[str, Tensor]:
    return load_pretrained(pretrained, 'the VGG weights of the perceptual loss',
                           get_model_weights(vgg_type).DEFAULT.url, argument='pretrained', error=VGGWeightsError)


def _select(state: dict[str, Tensor], network: nn.Sequential, vgg_type: str, pretrained: str,
            taps: list[str]) -> dict[str, Tensor]:
    """The weights of the layers up to the deepest tap, under the keys of a ``Sequential``."""
    expected = network.state_dict()
    groups: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for key, value in state.items():
        match = _KEY.fullmatch(key)
        if match and isinstance(value, Tensor):
            groups[match['prefix']][f"{match['layer']}.{match['name']}"] = value
    found = max(groups.values(), key=lambda group: len(group.keys() & expected.keys()), default={})
    deepest = max(map(int, taps))
    needed = [key for key in expected if int(key.split('.')[0]) <= deepest]
    optional = {key for key in needed if key.endswith('num_batches_tracked')}  # not in torchvision's files

    strange = [key for key in found if key not in expected or found[key].shape != expected[key].shape]
    if strange:
        raise VGGWeightsError(f'{pretrained} is not of {vgg_type}: its layer {strange[0].split(".")[0]} has '
                              f'{strange[0].split(".")[1]} of shape {tuple(found[strange[0]].shape)}; set '
                              f'vgg_type to the network of the file, or give {_file_name(vgg_type)}')
    missing = sorted({int(key.split('.')[0]) for key in needed if key not in found and key not in optional})
    if missing:
        usable = f"taps '0' to '{missing[0] - 1}'" if missing[0] else 'no tap'
        raise VGGWeightsError(
            f'{pretrained} has no weights for layers {", ".join(map(str, missing))} of {vgg_type}, which '
            f"tap '{deepest}' needs; it serves {usable}. Change layer_weights and layer_weights_style, or "
            f'give all of {_file_name(vgg_type)} (torchvision://{vgg_type})')
    return {key: torch.tensor(0) if key in optional else found[key].float() for key in needed}


def _file_name(vgg_type: str) -> str:
    return get_model_weights(vgg_type).DEFAULT.url.rsplit('/', 1)[-1]
