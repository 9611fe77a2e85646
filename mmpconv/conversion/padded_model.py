"""Padding conversion of a model in a config file."""
from collections.abc import Sequence

from torch import nn

from .padding import convert_padding


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
        mode, include, exclude: As of :func:`~mmpconv.convert_padding`.
        **overrides: Replace entries of ``model``. Runners and ``init_model`` functions set some on what they take for
            the model: ``train_cfg``, ``pretrained``. The runner's ``data_preprocessor``, meant for a model that has
            none, replaces none here either.

    Returns:
        nn.Module: The model that ``model`` describes.

    Raises:
        TypeError, ValueError: As of :func:`~mmpconv.convert_padding`.
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
