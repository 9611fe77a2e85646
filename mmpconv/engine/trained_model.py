"""A model of a config with the weights of a checkpoint, and the hash of one."""
import hashlib

from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner.checkpoint import CheckpointLoader
from torch import nn

import mmpconv.registry  # noqa: F401  (before anything of MMagic)
from mmpconv.checkpoints.fitting import load_strictly
from mmpconv.checkpoints.loading import file_of
from mmpconv.errors import LaunchError, one_line

from .resume import load_config


def read_model_config(name: str, options: dict | None = None) -> Config:
    """Read the config of a model.

    Args:
        name: See :func:`mmpconv.engine.resume.load_config`.
        options: Changes of it, in the form of ``--cfg-options``.

    Raises:
        LaunchError: There is no such config, the changes do not fit it, or it has no model.
    """
    config = load_config(name)
    try:
        config.merge_from_dict(options or {})
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise LaunchError(f'--cfg-options {options} does not fit {name}: {error}') from error
    if config.get('model') is None:
        raise LaunchError(f'{name} is not the config of a network: it has no model')
    return config


def load_trained_model(model: dict, checkpoint: str, scope: str, name: str) -> nn.Module:
    """Build a model on the CPU and load its weights, all of them.

    Args:
        model: Its config. checkpoint: File, or http(s) URL. scope: In which its types are looked up.
        name: How errors call the model.

    Raises:
        LaunchError: It cannot be built.
        CheckpointError: The checkpoint cannot be loaded, is not safe to load, or is of another model.
    """
    return build_trained_model(model, read_checkpoint(checkpoint), checkpoint, scope, name)


def read_checkpoint(checkpoint: str) -> dict:
    """Read a checkpoint on the CPU, silently.

    Args:
        checkpoint: File, or http(s) URL.

    Raises:
        CheckpointError: It cannot be loaded, or is not safe to load.
    """
    return CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu', logger='silent')


def build_trained_model(model: dict, content: dict, checkpoint: str, scope: str, name: str) -> nn.Module:
    """As :func:`load_trained_model`, of a checkpoint that has been read.

    Args:
        content: What :func:`read_checkpoint` gave of the checkpoint.
    """
    built = revert_sync_batchnorm(build_model(model, scope, name))
    load_strictly(built, content, checkpoint, name, 'Give the checkpoint of this model, or the model of this '
                  'checkpoint')
    return built


def build_model(model: dict, scope: str, name: str) -> nn.Module:
    """Build a model without weights, on torch's default device.

    Raises:
        LaunchError: It cannot be built.
    """
    with DefaultScope.overwrite_default_scope(scope):
        try:
            return MODELS.build(model)
        except Exception as error:
            raise LaunchError(f'{name} cannot be built: {type(error).__name__}: {one_line(error)}') from error


def checkpoint_sha256(checkpoint: str) -> str:
    """Hash of a checkpoint's file.

    Args:
        checkpoint: See :func:`~mmpconv.checkpoints.loading.file_of`; a URL has been downloaded.
    """
    digest = hashlib.sha256()
    with open(file_of(checkpoint), 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
