"""Says when a ``conv_cfg`` makes partial convolutions of a part of a model only."""
import logging
from functools import wraps

from torch import nn

from .convolution_kinds import concerns_padding, looks_beyond_the_border, padding_of, reason_to_leave

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
