"""Checkpoints written whole, and hooks around their loading and saving."""
from pathlib import Path

import mmengine
from mmengine.dist import all_gather_object, get_rank, is_main_process, master_only
from mmengine.hooks import CheckpointHook as _CheckpointHook
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop

from mmpconv.checkpoints import CheckpointError
from mmpconv.checkpoints.fitting import bare, fit_of, load_strictly, require_values, weights_of
from mmpconv.registry import HOOKS
from mmpconv.whole_files import whole_file, write_text

from ..loops import get_random_states, set_random_states


class SaveMetricsHook(Hook):
    """Writes the metrics of a test to a file, with all their digits: MMagic's ``MultiTestLoop`` returns none.

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
        fit = fit_of(bare(runner.model).state_dict(), weights)
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


@HOOKS.register_module()
class CheckpointHook(_CheckpointHook):
    """MMEngine's ``CheckpointHook``, which loses no checkpoint and keeps the random states.

    MMEngine 0.10 removes old checkpoints, also the best one so far, and then writes those that take their place. Here
    what is old goes when the new is there, so that a kill or a full disk in between loses nothing that was saved; each
    checkpoint and the file ``last_checkpoint`` are there completely or not at all (``mmpconv.compat.local_files``).

    A checkpoint also holds the states of Python's, numpy's, torch's and the GPU's random numbers of each process, and
    a run that is resumed with as many processes goes on with them. Validations leave them alone: a training does not
    depend on how often it was validated. A run that looks for its best checkpoint and is resumed from one that was
    saved right before a validation repeats this, because it may have been stopped in between.

    Args:
        *args, **kwargs: See MMEngine's hook.

    Attributes:
        saved (str | None): The last checkpoint that this run saved, or that it goes on from.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.saved: str | None = None
        self._is_resumed = False  # until training goes on
        self._to_save = None  # random states of all processes, while a checkpoint is saved
        self._to_restore = None  # those of the checkpoint that was loaded
        self._before_val = None  # of this process, while it validates

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Remember the random states of a run that is resumed."""
        if runner._resume:
            self._is_resumed, self.saved = True, runner._load_from
            self._to_restore = checkpoint.get('random_states')

    def before_train(self, runner) -> None:
        """As MMEngine's; say what a checkpoint of this run would not hold."""
        super().before_train(runner)
        counts = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
        if not self.by_epoch and self.interval > 0 and self.interval % counts:
            runner.logger.warning(
                f'checkpoints every {self.interval} iterations, but steps every {counts}: the gradients that are being '
                'accumulated are not saved, and a run that is resumed does without them; choose a multiple')

    def before_train_epoch(self, runner) -> None:
        """Go on where the checkpoint was saved: with its random states, and with the validation that may be missing."""
        if not self._is_resumed:
            return
        self._is_resumed, states, loop = False, self._to_restore, runner.train_loop
        if states is not None and len(states) == runner.world_size:
            set_random_states(states[get_rank()])
            if not isinstance(loop, EpochBasedTrainLoop):
                # The data of the iterations before is going to be skipped, which may draw random numbers.
                loop.dataloader_iterator = _Continued(loop.dataloader_iterator, loop.iter, states[get_rank()])
        elif states is not None:
            runner.logger.warning(f'the checkpoint is of {len(states)} processes and here are {runner.world_size}: '
                                  'dropout and the like draw other numbers than they would have')
        done = loop.epoch if isinstance(loop, EpochBasedTrainLoop) else loop.iter
        if self.save_best and runner.val_loop and done >= loop.val_begin and done % loop.val_interval == 0:
            # Checkpoints are saved before they are validated: a run that ended in between does not know how good it is.
            runner.val_loop.run()

    def before_val(self, runner) -> None:
        """Note the random states."""
        self._before_val = get_random_states()

    def after_val(self, runner) -> None:
        """Put the random states back."""
        set_random_states(self._before_val)
        self._before_val = None

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Add the random states."""
        if self._to_save is not None:
            checkpoint['random_states'] = self._to_save

    def _save_checkpoint_with_step(self, runner, step: int, meta: dict) -> None:
        """Save, then say that it is the last one, then remove what is too old."""
        kept = []
        if self.max_keep_ckpts > 0:
            kept = [*(other for other in self.keep_ckpt_ids if other != step), step]
            # With the old ones: a run that is killed before they are removed does it when it is resumed.
            runner.message_hub.update_info('keep_ckpt_ids', kept)
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        self._to_save = all_gather_object(self._before_val or get_random_states())
        runner.save_checkpoint(
            self.out_dir, name, self.file_client_args, save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler, meta=meta, by_epoch=self.by_epoch,
            backend_args=self.backend_args, **self.args)
        self._to_save = None
        self.saved = self.last_ckpt
        if is_main_process():
            write_text(Path(runner.work_dir) / 'last_checkpoint', self.last_ckpt, durable=True)
            for old in kept[:-self.max_keep_ckpts]:
                self._remove(self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(old)))
        if kept and step not in self.keep_ckpt_ids:
            self.keep_ckpt_ids.append(step)

    def _save_best_checkpoint(self, runner, metrics: dict) -> None:
        """As MMEngine's, but the best one so far goes last."""
        if not self.save_best:
            return
        backend, self.file_backend = self.file_backend, _LaterRemovals(self.file_backend)
        try:
            super()._save_best_checkpoint(runner, metrics)
            later = self.file_backend.removals
        finally:
            self.file_backend = backend
        in_use = {self.last_ckpt, getattr(self, 'best_ckpt_path', None),
                  *getattr(self, 'best_ckpt_path_dict', {}).values()}
        for path in later:
            if path not in in_use:
                self._remove(path)

    def _remove(self, path: str) -> None:
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)
        elif self.file_backend.isdir(path):  # as deepspeed saves
            self.file_backend.rmtree(path)


class _Continued:
    """Batches of a loop that counts iterations: sets the random states before the first one that is not skipped."""

    def __init__(self, batches, skipped: int, states: dict):
        self._batches, self._skipped, self._states = batches, skipped, states

    def __next__(self):
        if self._skipped == 0:
            set_random_states(self._states)
        self._skipped -= 1
        return next(self._batches)


class _LaterRemovals:
    """A storage backend that only notes what it is to remove."""

    def __init__(self, backend):
        self._backend = backend
        self.removals = []

    def __getattr__(self, name: str):
        return getattr(self._backend, name)

    def remove(self, path: str) -> None:
        self.removals.append(path)

    rmtree = remove
