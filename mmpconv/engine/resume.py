"""Resuming continues the run that was interrupted."""
from mmengine.config import Config
from mmengine.runner.checkpoint import CheckpointLoader


def use_seed_of_checkpoint(cfg: Config) -> None:
    """Give a run that is resumed the random seed it began with, in place.

    Without a seed in the config MMEngine draws one and saves it, but reads it back only after the data loader
    was built with another one, so that the order of the data would change.
    """
    if not cfg.get('resume') or not cfg.get('load_from'):
        return
    randomness = cfg.get('randomness') or {}
    if randomness.get('seed') is None:
        meta = CheckpointLoader.load_checkpoint(cfg.load_from, map_location='cpu').get('meta', {})
        cfg.randomness = {**randomness, 'seed': meta.get('seed')}
