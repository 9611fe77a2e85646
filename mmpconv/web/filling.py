"""The models at hand, and the threads in which photos are filled with them."""
import asyncio
import contextlib
import contextvars
import queue
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mmpconv.photos import Photo

from .messages import VisitorError, errors_for_visitors, sentence_of

# Seconds between two reports of progress: how soon it is seen that the visitor has gone.
_REPORT = 0.2


class Filler(Protocol):
    """What fills: an :class:`~mmpconv.apis.Inpainter`."""

    def fill(self, photo: Photo, hole: np.ndarray, *, progress: Callable[[int, int], None] | None = None) -> Photo: ...


@dataclass
class Model:
    """A model that visitors can choose.

    Attributes:
        name: What requests call it.
        title, description: What the page shows.
        state: ``idle`` (not loaded yet), ``loading``, ``ready`` or ``failed``.
        error: Why it failed, one sentence.
    """

    name: str
    title: str
    description: str
    state: str = 'idle'
    error: str = ''


class Models:
    """Models by name, each loaded when it is first wanted and then kept.

    Args:
        models: The first is the default.
        load: Loads the model of a name.
    """

    def __init__(self, models: list[Model], load: Callable[[str], Filler]):
        self.models = {model.name: model for model in models}
        self.default = models[0].name
        self._load, self._loaded = load, {}
        self._locks = {name: threading.Lock() for name in self.models}

    def check(self, name: str | None) -> str:
        """The name, or that of the default for None.

        Raises:
            VisitorError: There is no such model.
        """
        if name and name not in self.models:
            raise VisitorError(f'There is no model {name[:100]!r} here; there are {", ".join(self.models)}.')
        return name or self.default

    def get(self, name: str) -> Filler:
        """The model, loaded; waits while another thread loads it.

        Raises:
            VisitorError: It cannot be loaded.
        """
        model = self.models[name]
        with self._locks[name]:
            if name not in self._loaded:
                model.state, model.error = 'loading', ''
                try:
                    self._loaded[name] = self._load(name)
                except Exception as error:
                    model.state, model.error = 'failed', sentence_of(' '.join(str(error).split()))
                    raise VisitorError(f'{model.title} cannot be loaded: {model.error}', 503) from error
                model.state = 'ready'
            return self._loaded[name]


class Workers:
    """Threads for work that may be given up when the process ends.

    Args:
        count: How many; work that they have no time for waits in turn.
    """

    def __init__(self, count: int):
        self._work: queue.SimpleQueue = queue.SimpleQueue()
        for _ in range(count):
            threading.Thread(target=self._serve, daemon=True).start()

    def __call__(self, function: Callable, *args: Any) -> asyncio.Future:
        """Have something done; to be awaited."""
        future = asyncio.get_running_loop().create_future()
        self._work.put((future, contextvars.copy_context(), function, args))
        return future

    def _serve(self) -> None:
        while True:
            self._do(*self._work.get())

    @staticmethod
    def _do(future: asyncio.Future, context: contextvars.Context, function: Callable, args: tuple) -> None:
        result, error = None, None
        if future.cancelled():
            return
        try:
            result = context.run(function, *args)
        except BaseException as raised:
            error = raised

        def settle() -> None:
            if not future.done():
                future.set_result(result) if error is None else future.set_exception(error)

        with contextlib.suppress(RuntimeError):  # the loop has ended
            future.get_loop().call_soon_threadsafe(settle)


class _GivenUp(Exception):
    """A filling is not wanted any more."""


@dataclass(eq=False)
class _Job:
    """One filling, and how far it is."""

    state: str = 'waiting'
    done: int = 0
    total: int = 0
    given_up: bool = False

    def tell(self, done: int, total: int) -> None:
        if self.given_up:
            raise _GivenUp
        self.state, self.done, self.total = 'filling', done, total


class Fills:
    """Fills photos, some at a time, and reports how far it is.

    Args:
        models: What fills.
        at_a_time: How many photos are filled at a time.
        max_waiting: How many may wait for their turn; more are refused.
    """

    def __init__(self, models: Models, at_a_time: int = 1, max_waiting: int = 20):
        self.models, self._max_waiting = models, max_waiting
        self._workers = Workers(at_a_time)
        self._waiting: list[_Job] = []
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let all fillings that are going on or waiting end at once."""
        self._ended.set()

    async def run(self, model: str, fill: Callable[[Filler, Callable[[int, int], None]], Any]) -> AsyncIterator[dict]:
        """Fill a photo in its turn. Who stops iterating gives it up: it ends with its next report of progress.

        Args:
            model: Name of the model.
            fill: Called in a thread with the model, and with what it has to call with the number of windows that are
                done and of all.

        Yields:
            dict: Every fifth of a second ``{"state": "waiting", "ahead": n}``, ``{"state": "loading"}`` or
            ``{"state": "filling", "done": n, "total": n}``; at last ``{"state": "done", "result": ...}``.

        Raises:
            VisitorError: Too many wait, the model cannot be loaded, the photo cannot be filled, or the page ends.
        """
        if len(self._waiting) >= self._max_waiting:
            raise VisitorError('Too many photos are waiting to be filled; try again in a moment.', 503)
        job = _Job()

        def work() -> Any:
            with contextlib.suppress(ValueError):  # given up just now
                self._waiting.remove(job)
            job.state = 'loading'
            with errors_for_visitors():
                filler = self.models.get(model)
                job.tell(0, 0)
                return fill(filler, job.tell)

        self._waiting.append(job)
        working, ending = self._workers(work), asyncio.ensure_future(self._ended.wait())
        try:
            while not working.done():
                yield self._report(job)
                await asyncio.wait({working, ending}, timeout=_REPORT, return_when=asyncio.FIRST_COMPLETED)
                if self._ended.is_set():
                    raise VisitorError('The page has been closed down.', 503)
            yield {'state': 'done', 'result': working.result()}
        finally:
            job.given_up = True
            ending.cancel()
            working.cancel()
            with contextlib.suppress(ValueError):
                self._waiting.remove(job)

    def _report(self, job: _Job) -> dict:
        if job.state == 'filling':
            return {'state': job.state, 'done': job.done, 'total': job.total}
        if job.state == 'waiting':
            return {'state': job.state, 'ahead': self._waiting.index(job) if job in self._waiting else 0}
        return {'state': job.state}
