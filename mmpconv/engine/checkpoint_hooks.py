"""Hooks that ``tools/train.py`` and ``tools/test.py`` add to the runner."""
from pathlib import Path

import mmengine
from mmengine.dist import master_only
from mmengine.hooks import Hook

from mmpconv.checkpoints import CheckpointError
from mmpconv.checkpoints.fitting import bare, fit_of, load_strictly, require_values, weights_of
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
        """Load all weights.

        Raises:
            CheckpointError: They are not those of the model, by name and shape.
        """
        load_strictly(runner.model, checkpoint, self.name, 'the model of this config',
                      'Give the checkpoint of this config, or the config of this checkpoint')


class ReportLoadedWeightsHook(Hook):
    """Says how many weights a training took from a checkpoint, which MMEngine loads as far as they fit.

    What resumes a training is of the same model, or refused.
    """

    def __init__(self):
        self._told = None

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Count, before they are loaded.

        Raises:
            CheckpointError: None fits; or a training is to be resumed, and not all do.
        """
        name = runner._load_from or 'the checkpoint'
        if runner._resume:
            meta = checkpoint.get('meta')
            if not isinstance(meta, dict) or not all(isinstance(meta.get(key), int) for key in ('epoch', 'iter')):
                raise CheckpointError(f'{name} does not say at which iteration it was saved, and no run can go on from '
                                      'it; give another checkpoint of the run')
            load_strictly(runner.model, checkpoint, name, 'the model of this config', 'Resume with the config of its '
                          'training; to start a new training from its weights, set load_from and leave --resume out')
            return
        weights = weights_of(checkpoint, name)
        require_values(weights, name)
        fit = fit_of(bare(runner.model), weights)
        if fit.wanted and not fit.fitting:
            raise CheckpointError(f'no weight of {name} fits the model of this config: {fit.sentence()}. Give a '
                                  'checkpoint of this model as load_from, or none')
        rest = fit.sentence()
        self._told = (f'{len(fit.fitting)} of {fit.wanted} weights were taken from {name}' +
                      (f'; the others keep their initial values: {rest}' if fit.missing or fit.other else
                       f'; {rest}' if rest else ''))

    def before_train(self, runner) -> None:
        """Tell, after MMEngine's own lines."""
        if self._told:
            runner.logger.info(self._told)
            self._told = None
