"""Serves the page. Everything that it writes is in one folder, which is gone afterwards."""
import contextlib
import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import gradio as gr
import uvicorn
from fastapi import FastAPI
from gradio import processing_utils
from starlette.middleware.trustedhost import TrustedHostMiddleware

from mmpconv.errors import LaunchError

from .desk import Desk, Filler
from .only_this_host import OnlyThisHost
from .page import build_page
from .told import told_apart

MEGABYTE = 1024**2
LOCAL = ('127.0.0.1', '::1', 'localhost')


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


def serve(load: Callable[[], Filler], held: socket.socket, max_upload: int, max_pixels: int) -> None:
    """Serve the page until Ctrl-C or SIGTERM.

    Args:
        load: Returns what fills. Called before anything listens: who opens the page finds one that works.
        held: As of :func:`reserve`.
        max_upload: Largest file, in megabytes.
        max_pixels: Largest photo.

    Raises:
        KeyboardInterrupt, SystemExit: How it ended.
    """
    host, port = held.getsockname()[:2]
    with _ended_by_sigterm(), confined() as folder, told_apart():
        desk = Desk(load(), folder, max_pixels)
        app = build_app(desk, max_upload, local=host in LOCAL)
        # Open pages hold connections, for whose end uvicorn would wait.
        config = uvicorn.Config(app, log_level='error', timeout_graceful_shutdown=1, ws='none', server_header=False)
        try:
            PageServer(config, f'http://{f"[{host}]" if ":" in host else host}:{port}/', desk).run(sockets=[held])
        finally:
            desk.wait()


class PageServer(uvicorn.Server):
    """Says where the page is, once it is there; when it ends, does not wait for a photo to be filled."""

    def __init__(self, config: uvicorn.Config, address: str, desk: Desk):
        super().__init__(config)
        self.address, self.desk = address, desk

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f'The page is at {self.address} (Ctrl-C ends it)', flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.desk.close()
        # That connections to open pages are cut off is no error.
        logging.getLogger('uvicorn.error').setLevel(logging.CRITICAL)
        await super().shutdown(sockets)


def build_app(desk: Desk, max_upload: int, local: bool = False) -> FastAPI:
    """The page as an ASGI application; to be built and served within :func:`confined`.

    Args:
        desk: What answers, with the folder of :func:`confined`.
        max_upload: Largest file, in megabytes.
        local: Whether it is served at an address that only this machine reaches.
    """
    page = build_page(desk, max_upload)
    # As launch() sets it: else Gradio takes any file of this machine that a request names for an uploaded one.
    page.has_launched = True
    app = gr.mount_gradio_app(
        FastAPI(openapi_url=None), page, '', show_api=False, show_error=False, allowed_paths=[], ssr_mode=False,
        max_file_size=max_upload * MEGABYTE, app_kwargs=dict(openapi_url=None))
    # Gradio's own application is in debug mode: it answers errors with tracebacks.
    app.routes[-1].app.debug = False
    app.add_middleware(OnlyThisHost, max_upload=max_upload * MEGABYTE)
    if local:
        # A page of another site whose name is made to lead to this machine does not get in.
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOCAL, '['])  # '[': how it reads [::1]:7860
    return app


@contextlib.contextmanager
def confined() -> Iterator[Path]:
    """A folder for everything temporary that this process makes, Gradio's uploads included; removed at the end.

    Nor does Gradio, within this block, download what a request names as the URL of its file.
    """
    with tempfile.TemporaryDirectory(prefix='mmpconv-serve-', ignore_cleanup_errors=True) as name:
        folder = os.path.realpath(name)
        with mock.patch.dict(os.environ, GRADIO_TEMP_DIR=folder, TMPDIR=folder), \
                mock.patch.object(tempfile, 'tempdir', folder), \
                mock.patch.object(processing_utils, 'async_ssrf_protected_download', _refuse_download):
            yield Path(folder)


async def _refuse_download(url: str, **kwargs) -> str:
    raise PermissionError('files are uploaded, not downloaded')


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the process as Ctrl-C does, through every ``finally``."""
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
