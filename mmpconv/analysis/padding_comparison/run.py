"""One training of a comparison: its folder, its settings, its scores."""
import math
import re
import shutil
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from mmpconv import environment
from mmpconv.configs import load_config, read_options
from mmpconv.engine.launch import apply_train
from mmpconv.environment import difference, plain
from mmpconv.errors import LaunchError
from mmpconv.whole_files import read_json, write_json

from ..loss_curves import SCALARS, read_scalars

_NO_METRICS = {'step', 'time', 'data_time', 'memory'}


def read_scores(work_dir: Path, metric: str) -> dict[int, float]:
    """The values of a metric, by the epoch (or iteration, where the log counts these) of their validation.

    A run that was resumed has several logs, named after the time; the later one counts.
    """
    return {line['step']: line[metric] for line in _validations(work_dir) if metric in line}


def logged_metrics(work_dir: Path) -> set[str]:
    """Names of all that the validations of a run logged."""
    return {name for line in _validations(work_dir) for name in line} - _NO_METRICS


def checkpoint_to_resume(work_dir: Path, scores: dict[int, float]) -> Path | None:
    """The latest checkpoint from which a run can go on without a gap in its scores.

    MMEngine saves a checkpoint, then validates: an interruption between the two leaves a checkpoint, perhaps half of
    one, after which the score of its epoch would never be logged. So a checkpoint counts once its score is there.

    Args:
        work_dir: Of the run.
        scores: Those logged so far, by epoch or iteration.

    Returns:
        Path: None if there is no such checkpoint.
    """
    names = ((re.fullmatch(r'(?:epoch|iter)_(\d+)', path.stem), path) for path in work_dir.glob('*.pth'))
    steps = {int(match.group(1)): path for match, path in names if match}
    usable = [step for step in steps if step <= max(scores, default=0)]
    return steps[max(usable)] if usable else None


def _validations(work_dir: Path) -> Iterator[dict]:
    for log in sorted(work_dir.glob(f'*/{SCALARS}')):
        yield from (scalars for scalars in read_scalars(log) if 'iter' not in scalars)  # those of training have it


BASELINE = 'zero'


@dataclass(frozen=True)
class Run:
    """A network with a padding and a seed.

    Attributes:
        network, padding, seed: The names and number that tell it from the others.
        config: Path of the config, as ``mmpconv train`` takes it.
        folder: Its work dir. Beside the files of MMEngine there lie ``settings.json``, with which it was started, and,
            once it is finished, ``score.json``.
        metric: Name of the score in the log.
        options: ``KEY=VALUE`` changes of the config.
        gpus: Number of processes that train together.
    """
    network: str
    padding: str
    seed: int
    config: str
    folder: Path
    metric: str
    options: tuple[str, ...] = ()
    gpus: int = 1

    def __str__(self) -> str:
        return f'{self.network}-{self.padding}, seed {self.seed}'

    @property
    def log(self) -> Path:
        """The file of the output of its process."""
        return self.folder / 'train.log'

    @cached_property
    def settings(self) -> dict:
        """All that decides what comes out: number of GPUs and the complete config.

        Raises:
            LaunchError: There is no such config, it cannot be trained and scored, or an option does not fit it.
        """
        config = _complete_config(self.config, self.options)
        return dict(gpus=self.gpus, config={
            **config, 'randomness': {**(config.get('randomness') or {}), 'seed': self.seed}})

    @property
    def length(self) -> int:
        """Epochs or iterations of the training."""
        length = self.settings['config']['train_cfg']
        return length.get('max_epochs') or length['max_iters']

    @property
    def unit(self) -> str:
        """The unit of :attr:`length`."""
        return 'epochs' if self.settings['config']['train_cfg'].get('max_epochs') else 'iterations'

    def check(self) -> None:
        """Make sure that the run can start, and that what lies in the folder, if anything, has the same settings.

        Raises:
            LaunchError: It has not; and see :attr:`settings`.
        """
        settings, before = self.settings, read_json(self.folder / 'settings.json')
        if before is None:
            if self.folder.is_dir() and any(self.folder.iterdir()):
                raise LaunchError(f'{self.folder} is in use by something else than a comparison; give another '
                                  '--work-dir')
        elif before != settings:
            raise LaunchError(f'{self.folder} was started with other settings ({difference(before, settings)}); '
                              'give another --work-dir, or remove that folder to repeat the run')

    def score(self) -> dict | None:
        """The content of ``score.json`` of the finished run; None if it is not finished."""
        score = read_json(self.folder / 'score.json')
        if score is not None and score['metric'] != self.metric:
            return self.finish()
        return score

    def prepare(self) -> list[str]:
        """Make the folder ready for a start, and say how to start.

        Returns:
            list[str]: Arguments of ``tools/train.py`` without the config: those of an unfinished run continue it.
        """
        checkpoint = checkpoint_to_resume(self.folder, read_scores(self.folder, self.metric))
        if checkpoint is None and self.folder.is_dir():
            shutil.rmtree(self.folder)  # not a trace of a run that did not get as far as its first score
        write_json(self.folder / 'settings.json', self.settings)
        return [*(['--resume', str(checkpoint)] if checkpoint else []), '--work-dir', str(self.folder),
                '--cfg-options', *self.options, f'randomness.seed={self.seed}']

    def finish(self) -> dict:
        """Write ``score.json`` for a run whose training has ended well; returns its content.

        Raises:
            LaunchError: The metric was not logged, or not up to the end.
        """
        self.check_metric()
        scores = read_scores(self.folder, self.metric)
        last = max(scores, default=0)
        if last != self.length:
            raise LaunchError(f"{self} ended, but its last '{self.metric}' is of {self.unit[:-1]} {last} instead of "
                              f'{self.length}; see {self.log}')
        if not all(map(math.isfinite, scores.values())):
            raise LaunchError(f"{self} logged a '{self.metric}' that is not a number; see {self.log}")
        best = max(scores, key=scores.get)  # the first of equal ones
        score = dict(
            network=self.network, padding=self.padding, seed=self.seed, metric=self.metric, best=scores[best],
            best_step=best, last=scores[last], scores=scores, machine=environment.machine(),
            versions=environment.versions(self.settings['config'].get('default_scope')))
        write_json(self.folder / 'score.json', score)
        return score

    def check_metric(self) -> None:
        """Make sure that validation, if there was one already, logs the metric.

        Raises:
            LaunchError: It logs others.
        """
        logged = logged_metrics(self.folder)
        if logged and self.metric not in logged:
            raise LaunchError(f"{self.config} never logs the metric '{self.metric}'; give one of those it logs with "
                              f'--metric: {", ".join(sorted(logged))}')


@cache
def _complete_config(path: str, options: tuple[str, ...]) -> dict:
    """The config with its bases and options, as it reads after a round trip through a file."""
    config = load_config(path)
    apply_train(config, Namespace(
        config=path, work_dir=None, cfg_options=read_options(options) if options else None, launcher='none',
        local_rank=0, resume=None, amp=False, auto_scale_lr=False))
    if any(config.get(name) is None for name in ('val_dataloader', 'val_cfg', 'val_evaluator')):
        raise LaunchError(f'{path} does not validate while it trains, so that its runs have no score; give it '
                          'val_dataloader, val_cfg and val_evaluator')
    return plain({key: value for key, value in config.to_dict().items() if key not in ('work_dir', 'launcher')})
