"""Hooks that ``tools/test.py`` adds to the runner."""
from pathlib import Path

import mmengine
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmpconv.errors import LaunchError
from mmpconv.whole_files import whole_file


class SaveMetricsHook(Hook):
    """Writes the metrics of a test to a file, with all their digits.

    Args:
        path: ``.json``, ``.yaml`` or ``.pkl``.
    """

    def __init__(self, path: str):
        self.path = path

    @master_only
    def after_test_epoch(self, runner, metrics: dict) -> None:
        """Write the file."""
        metrics = {key: value.item() if hasattr(value, 'item') else value for key, value in metrics.items()}
        with whole_file(Path(self.path)) as unfinished:
            mmengine.dump(metrics, unfinished)
        runner.logger.info(f'metrics written to {self.path}')


class RequireMatchingWeightsHook(Hook):
    """Refuses a checkpoint of another model, which MMEngine would test with random weights after a warning.

    Args:
        name: How the error calls the checkpoint.
    """

    def __init__(self, name: str):
        self.name = name

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Compare the names of the weights.

        Raises:
            LaunchError: The checkpoint has no weight of the model.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        wanted = set(model.state_dict())
        given = {key.removeprefix('module.') for key in checkpoint.get('state_dict', checkpoint)}
        if wanted and not wanted & given:
            raise LaunchError(f'{self.name} has no weight of the model of this config; it has '
                              f'{_examples(given)}, the model {_examples(wanted)}')


def _examples(names: set) -> str:
    return ', '.join(sorted(names)[:2]) + f' and so on ({len(names)} names)' if names else 'no weights'
