"""Checkpoints for what only has to run."""
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

import mmpconv.registry


def write_random_weights(config, path):
    """Write a checkpoint of the inpaintor of a config, without its perceptual loss."""
    settings = Config.fromfile(config).model
    settings.loss_composed_percep, settings.loss_out_percep = None, False
    with DefaultScope.overwrite_default_scope('mmpconv'):
        model = mmpconv.registry.MODELS.build(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(state_dict=model.state_dict()), path)
