"""A progress bar for runs that a person watches."""
import time
from logging import StreamHandler

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmpconv.registry import HOOKS

_SECONDS_BETWEEN_LOSSES = 0.2


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """Shows iterations, loss and time left while training, below the log.

    Where the output is not a terminal, nothing is shown: the log says it all.
    """

    priority = 'LOWEST'

    def __init__(self):
        self._progress = None
        self._streams = []
        self._told = -_SECONDS_BETWEEN_LOSSES

    def before_train(self, runner) -> None:
        """Show the bar."""
        console = Console()
        if not is_main_process() or not console.is_terminal:
            return
        self._progress = Progress(
            TextColumn('training'), BarColumn(), MofNCompleteColumn(), TextColumn('{task.description}'),
            TimeRemainingColumn(), console=console)
        # The log goes to the console that draws the bar, or its lines would tear the bar apart.
        for handler in runner.logger.handlers:
            if type(handler) is StreamHandler:
                self._streams.append((handler, handler.setStream(_Lines(console))))
        self._progress.start()
        self._task = self._progress.add_task('', total=runner.max_iters, completed=runner.iter)

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Move the bar."""
        if self._progress is None:
            return
        told = {}
        # A GPU has to be waited for: not at every iteration.
        if outputs and 'loss' in outputs and time.monotonic() >= self._told + _SECONDS_BETWEEN_LOSSES:
            told['description'] = f"loss {float(outputs['loss']):.3f}"
            self._told = time.monotonic()
        self._progress.update(self._task, completed=runner.iter + 1, **told)

    def after_train(self, runner) -> None:
        """Leave the finished bar, and give the log its stream back."""
        if self._progress is not None:
            self._progress.stop()
            for handler, stream in self._streams:
                handler.setStream(stream)
            self._progress, self._streams = None, []


class _Lines:
    """A text stream that prints above a live display."""

    def __init__(self, console: Console):
        self._console = console

    def write(self, text: str) -> None:
        self._console.print(text, end='', markup=False, highlight=False, soft_wrap=True)

    def flush(self) -> None:
        self._console.file.flush()
