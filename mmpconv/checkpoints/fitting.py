"""Comparison of the weights of a checkpoint with those of a model: by name, by shape, and all of them."""
import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseTTAModel, is_model_wrapper, revert_sync_batchnorm
from torch import Tensor, nn

from mmpconv.configs import build_model

from .container import CheckpointError

# What checkpoints may hold, and models may have, beside the network: losses with networks of their own (VGG), a
# discriminator, the kernels of ones of other partial convolutions, and how often a BatchNorm was trained.
_EXTRAS = re.compile(r'(loss_\w*|disc|data_preprocessor)\..*|.*\.(weight_mask_?[uU]pdater|num_batches_tracked)')


@dataclass(frozen=True)
class Fit:
    """The weights of a checkpoint that a model can take.

    Attributes:
        fitting: Names of the weights that have name and shape of one of the model's.
        missing: Names of the model's that the checkpoint lacks.
        left_over: Names of the checkpoint's that the model lacks.
        other: Names of those of both whose shape or kind differs, with both as text.
    """

    fitting: list[str]
    missing: list[str]
    left_over: list[str]
    other: dict[str, str]

    @property
    def wanted(self) -> int:
        """Number of weights that the model has."""
        return len(self.fitting) + len(self.missing) + len(self.other)

    def sentence(self) -> str:
        """A sentence on what does not fit; empty if all does."""
        told = []
        if self.other:
            name, difference = next(iter(self.other.items()))
            told.append(f'{len(self.other)} of {self.wanted} weights have another shape, as {name}: {difference}')
        if self.missing:
            told.append(f'{len(self.missing)} of {self.wanted} weights are missing, as {some_names(self.missing)}')
        if self.left_over:
            told.append(f'the model has no place for {len(self.left_over)} weights, as {some_names(self.left_over)}')
        return '; '.join(told)


def weights_of(checkpoint: Mapping, name: str) -> 'OrderedDict[str, Tensor]':
    """The state dict of a checkpoint, without the ``module.`` of models that were trained by several processes.

    Args:
        checkpoint: What its file holds, which :mod:`~.loading` has made sure is a dict: a state dict, or one with a
            state dict under ``'state_dict'``.
        name: How errors call it.

    Raises:
        CheckpointError: There is something in it that is no weight.
    """
    state = checkpoint.get('state_dict', checkpoint)
    if not isinstance(state, Mapping):
        raise CheckpointError(f'{name} has {_kind(state)} where its weights should be; give a file of weights')
    weights = OrderedDict()
    for key, value in state.items():
        if not isinstance(key, str):
            raise CheckpointError(f'{name} holds no weights of a model: one is called {key!r:.40}, and names are texts')
        if not isinstance(value, Tensor):
            raise CheckpointError(f'{name} holds no weights of a model: {key[:80]} is {_kind(value)}, not a tensor')
        weights[key.removeprefix('module.')] = value
    if (metadata := getattr(state, '_metadata', None)) is not None:
        weights._metadata = metadata  # versions of modules, by which torch converts what older ones have saved
    return weights


def fit_of(state: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> Fit:
    """Hold weights against a model, by name, shape and kind. Extras that do no harm are on neither side.

    Args:
        state: Weights of the model, which may be on the meta device.
        weights: See :func:`weights_of`.
    """
    wanted = {key: value for key, value in state.items()
              if isinstance(value, Tensor) and not _EXTRAS.fullmatch(key)}
    given = {key: value for key, value in weights.items() if not _EXTRAS.fullmatch(key)}
    other = {key: difference for key in wanted.keys() & given.keys()
             if (difference := _difference(given[key], wanted[key]))}
    return Fit([key for key in wanted if key in given and key not in other],
               [key for key in wanted if key not in given], [key for key in given if key not in wanted],
               {key: other[key] for key in wanted if key in other})


def load_strictly(model: nn.Module, checkpoint: Mapping, name: str, what: str, remedy: str) -> None:
    """Load all weights of a model, which is of no use after an error.

    Args:
        model: The model; a wrapper around it is looked into.
        checkpoint: See :func:`weights_of`.
        name: How errors call the checkpoint.
        what: How they call the model.
        remedy: What they advise to do.

    Raises:
        CheckpointError: Names, shapes or kinds do not fit, extras of other software aside; or a weight has no
            values, or some that are not finite.
    """
    model, weights = bare(model), weights_of(checkpoint, name)
    require_values(weights, name)
    try:
        # Models may rename what older versions of them have saved, so that names alone do not decide.
        missing, left_over = model.load_state_dict(weights, strict=False)
    except RuntimeError:
        missing = left_over = None
    fit = fit_of(model.state_dict(), weights)
    if missing is not None and not fit.other:
        fit = Fit(fit.fitting, *([key for key in keys if not _EXTRAS.fullmatch(key)] for keys in (missing, left_over)),
                  {})
    if told := fit.sentence():
        raise CheckpointError(f'{name} does not fit {what}: {told}. {remedy}')


def build_trained_model(config: dict, content: dict, checkpoint: str, scope: str, name: str) -> nn.Module:
    """Build a model on the CPU with all weights of a checkpoint.

    Args:
        config: Of the model. content: What the checkpoint holds. checkpoint: How errors call it.
        scope: In which types are looked up. name: How errors call the model.

    Raises:
        LaunchError: It cannot be built.
        CheckpointError: The weights are of another model, see :func:`load_strictly`.
    """
    model = revert_sync_batchnorm(build_model(config, scope, name))
    load_strictly(model, content, checkpoint, name, 'Give the checkpoint of this model, or the model of this '
                  'checkpoint')
    return model


def require_values(weights: Mapping[str, Tensor], name: str) -> None:
    """Refuse weights that nothing can be computed with.

    Raises:
        CheckpointError: One has no values, or some that are not finite.
    """
    for key, value in weights.items():
        if value.is_meta:
            raise CheckpointError(f'{name} holds names and shapes only: {key} has no values; give a file of weights')
        if value.element_size() == 1 and value.is_floating_point():
            value = value.float()  # of eight bits torch does not know whether they are finite
        if (value.is_floating_point() or value.is_complex()) and not value.isfinite().all():
            raise CheckpointError(f'{name} cannot be used: {key} has values that are not finite, as after a training '
                                  'that has diverged; give an earlier checkpoint')


def bare(model: nn.Module) -> nn.Module:
    """The model without wrappers."""
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model


def _difference(given: Tensor, wanted: Tensor) -> str:
    if given.shape != wanted.shape:
        return f'{tuple(given.shape)} in the file, {tuple(wanted.shape)} in the model'
    if (given.is_floating_point(), given.is_complex()) != (wanted.is_floating_point(), wanted.is_complex()):
        return f'{given.dtype} in the file, {wanted.dtype} in the model'
    if given.layout != torch.strided or given.is_quantized:
        return f'{given.layout} in the file'
    return ''


def some_names(names: Collection[str]) -> str:
    """The first few of them, for a message."""
    first = ', '.join(f'{name:.100}' for name in list(names)[:3]) or 'none at all'
    return first if len(names) <= 3 else f'{first} and {len(names) - 3} more'


def _kind(value: Any) -> str:
    if value is None:
        return 'nothing'
    return 'an array' if isinstance(value, np.ndarray) else f'something of type {type(value).__name__}'
