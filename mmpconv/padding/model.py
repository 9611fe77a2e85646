"""Padding by config: a wrapper of a model, and a check of what `conv_cfg` converts."""
import logging
from collections.abc import Sequence
from functools import wraps

from torch import nn

from .convert import convert_padding
from .kinds import concerns_padding, looks_beyond_the_border, padding_of, reason_to_leave


def PaddedModel(model: dict | nn.Module, mode: str = 'partial', include: str | Sequence[str] | None = None,
                exclude: str | Sequence[str] | None = None, **overrides) -> nn.Module:
    """Build the model of another config, and change its padding.

    What is returned is the model itself, of its own class: nothing else in the config, and no key of a
    checkpoint, changes. Whatever builds the model from the config gets the padding too (a hook is in force
    only where there is a runner). Goes by ``type='PaddedModel'``, like a class::

        custom_imports = dict(imports=['mmpconv'])
        model = dict(_delete_=True, type='PaddedModel', mode='partial', model={{_base_.model}})

    Args:
        model: Config of a model, built in the scope in force.
        mode, include, exclude: See :func:`~mmpconv.convert_padding`.
        **overrides: Replace entries of ``model``. Runners and ``init_model`` functions set some on what they take for
            the model: ``train_cfg``, ``pretrained``. The runner's ``data_preprocessor``, meant for a model that has
            none, replaces none here either.

    Returns:
        nn.Module: The model that ``model`` describes.

    Raises:
        TypeError, ValueError: See :func:`~mmpconv.convert_padding`.
    """
    from mmengine.logging import print_log
    from mmengine.registry import MODELS

    if not isinstance(model, (dict, nn.Module)):
        raise TypeError(f'model of PaddedModel is {type(model).__name__} but must be the config of a model: '
                        "dict(type='PaddedModel', model=dict(type=...))")
    if isinstance(model, dict):
        if 'data_preprocessor' in model:
            overrides.pop('data_preprocessor', None)
        model = MODELS.build({**model, **overrides})
    report = convert_padding(model, mode, include, exclude)
    print_log(str(report), logger='current')
    return model


_NAMES = ('PartialConv1d', 'PartialConv2d', 'PartialConv3d')


def watch(registry) -> None:
    """Have a registry of models, and those below it, warn of what they build only in part. Idempotent.

    Many backbones hand their ``conv_cfg`` to some of their convolutions only. The layers cannot know, so the registry
    looks at what it has built.

    Args:
        registry: MMEngine's ``MODELS``. Registries that are made below it later take over its function.
    """
    if not hasattr(registry.build_func, 'warns_of_parts'):
        registry.build_func = _warning_of_parts(registry.build_func)
    for child in registry.children.values():
        watch(child)


def _warning_of_parts(build):
    @wraps(build)
    def build_and_look(cfg, *args, **kwargs):
        model = build(cfg, *args, **kwargs)
        if isinstance(model, nn.Module) and _asks_for_partial(cfg):
            _warn_of_parts(model)
        return model

    build_and_look.warns_of_parts = True
    return build_and_look


def _asks_for_partial(cfg) -> bool:
    conv_cfg = cfg.get('conv_cfg') if hasattr(cfg, 'get') else None
    name = conv_cfg.get('type') if hasattr(conv_cfg, 'get') else None
    name = name if isinstance(name, str) else getattr(name, '__name__', '')
    return name.removeprefix('mmpconv.') in _NAMES


def _warn_of_parts(model: nn.Module) -> None:
    padded = [module for module in model.modules() if concerns_padding(module) and reason_to_leave(module) is None
              and looks_beyond_the_border(module)]
    partial = sum(padding_of(module) == 'partial' for module in padded)
    if partial < len(padded):
        from mmengine.logging import print_log

        print_log(f'conv_cfg made {partial} of the {len(padded)} padded convolutions of {type(model).__name__} '
                  "partial; it does not reach the others. dict(type='PaddedModel', model=...) converts all of them",
                  logger='current', level=logging.WARNING)
