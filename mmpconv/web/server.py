"""Serves the page. Everything that it writes is in one folder, which is gone afterwards."""
import asyncio
import contextlib
import fcntl
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from mmpconv.errors import LaunchError
from mmpconv.photos import MAX_PIXELS

from .app import build_app
from .filling import Fills, Models
from .messages import VisitorError, warnings_apart
from .storage import MEGABYTE, PhotoStore

_PREFIX = 'mmpconv-serve-'
# Seconds within which the head of a request has to come.
_HEAD_WITHIN = 10
_CONNECTIONS = 200


@dataclass(frozen=True)
class Limits:
    """What visitors may ask for.

    Attributes:
        upload: Megabytes of a file.
        pixels: Of a photo.
        fills: Photos that are filled at a time.
        disk: Megabytes of all photos that are kept.
        keep: Minutes that a photo is kept after it was last used.
    """

    upload: int = 50
    pixels: int = MAX_PIXELS
    fills: int = 1
    disk: int = 2000
    keep: int = 60


def reserve(host: str, port: int) -> socket.socket:
    """A socket that holds a port; nothing answers there before it is served.

    Raises:
        LaunchError: The port is in use or not allowed, or the host is not this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        held = socket.socket(family, kind, protocol)
        # Else a port stays blocked for a minute after its server has ended.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(address)
        return held
    except (OSError, OverflowError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise LaunchError(f'cannot serve at port {port} of {host} ({reason}); give another --port, or 0 for any that '
                          'is free') from error


def serve(models: Models, held: socket.socket, limits: Limits, hosts: tuple[str, ...] = (),
          needs_default: bool = False, open_browser: bool = False) -> None:
    """Serve the page until Ctrl-C or SIGTERM. It answers at once; the default model is loaded meanwhile.

    Args:
        models: What visitors can choose from.
        held: From :func:`reserve`.
        limits: What they may ask for.
        hosts: Names of this server, besides the machine's own.
        needs_default: End when the default model cannot be loaded.
        open_browser: Open the page in a browser.

    Raises:
        LaunchError: The default model cannot be loaded, and is needed.
        KeyboardInterrupt, SystemExit: How it ended.
    """
    host, port = held.getsockname()[:2]
    shown = {'0.0.0.0': '127.0.0.1', '::': '[::1]'}.get(host, f'[{host}]' if ':' in host else host)
    with _ended_by_signals(), temporary_folder() as folder, _temporary_files_in(folder), warnings_apart():
        store = PhotoStore(folder, limits.pixels, limits.disk * MEGABYTE, limits.keep * 60)
        fills = Fills(models, limits.fills)
        app = build_app(store, fills, limits.upload * MEGABYTE, hosts)
        # Open pages hold connections, for whose end uvicorn would wait.
        config = uvicorn.Config(app, http=_InTime, ws='none', lifespan='off', log_level='error', server_header=False,
                                timeout_graceful_shutdown=0, limit_concurrency=_CONNECTIONS)
        server = PageServer(config, f'http://{shown}:{port}/', store, fills, needs_default, open_browser)
        server.run(sockets=[held])
        if server.failure:
            raise LaunchError(server.failure)


class PageServer(uvicorn.Server):
    """Says where the page is, once it is there; when it ends, it waits for no visitor."""

    def __init__(self, config: uvicorn.Config, address: str, store: PhotoStore, fills: Fills,
                 needs_default: bool = False, open_browser: bool = False):
        super().__init__(config)
        self.address, self.store, self.fills, self.failure = address, store, fills, ''
        self._needs_default, self._open_browser = needs_default, open_browser

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f'The page is at {self.address} (Ctrl-C ends it)', flush=True)
        threading.Thread(target=self._load_default, daemon=True).start()
        if self._open_browser:
            threading.Thread(target=self._open, daemon=True).start()
        self._removing = asyncio.ensure_future(self._remove_old())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.fills.end()
        self._removing.cancel()
        # That connections to open pages are cut off is no error.
        logging.getLogger('uvicorn.error').setLevel(logging.CRITICAL)
        await super().shutdown(sockets)

    def _load_default(self) -> None:
        try:
            self.fills.models.get(self.fills.models.default)
        except VisitorError as error:
            if self._needs_default:
                self.failure = str(error.__cause__)
                self.should_exit = True
            else:
                print(f'warning: {error.sentence}', file=sys.stderr, flush=True)

    def _open(self) -> None:
        if not webbrowser.open(self.address):
            print('no browser can be opened from here; open the page yourself', file=sys.stderr, flush=True)

    async def _remove_old(self) -> None:
        while True:
            await asyncio.sleep(min(60, self.store.keep / 4))
            self.store.remove_old()


class _InTime(H11Protocol):
    """Closes connections on which the head of a request does not come in time."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()
        elif self._waiting is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(_HEAD_WITHIN, self.transport.close)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for what visitors send, removed at the end; those of servers that were killed are removed first."""
    _remove_abandoned()
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = _locked(folder)
        if lock is not None and folder.exists():  # else another server took it for abandoned
            break
    try:
        yield folder
    finally:
        # Threads that are still at work may write a file meanwhile.
        for _ in range(3):
            shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


@contextlib.contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Also those that torch and others make."""
    before, variable = tempfile.tempdir, os.environ.get('TMPDIR')
    tempfile.tempdir = os.environ['TMPDIR'] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        if variable is None:
            del os.environ['TMPDIR']
        else:
            os.environ['TMPDIR'] = variable


def _remove_abandoned() -> None:
    """Servers lock their folders as long as they live, however they end."""
    with os.scandir(tempfile.gettempdir()) as entries:
        own = [Path(entry.path) for entry in entries if entry.name.startswith(_PREFIX)
               and entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_uid == os.getuid()]
    for folder in own:
        lock = _locked(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the lock; None if somebody else does, or the folder is gone."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    except OSError:
        os.close(lock)
        return None


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the process as Ctrl-C does, through every ``finally``."""
    def end(number: int, frame) -> None:
        sys.exit(128 + number)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
