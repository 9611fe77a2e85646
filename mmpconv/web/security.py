"""What stands before the page: who may ask, how much, and how slowly; and what a browser may do with the answers."""
import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

from .messages import VisitorError

_HEADERS = {
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
                               "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
                               "require-trusted-types-for 'script'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
}
_ENCODED = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
_HOST = re.compile(r'(\[[\da-f:.]+\]|[^:/@\s]+?)\.?(:\d+)?', re.IGNORECASE)
LOCAL = ('localhost', '127.0.0.1', '::1')


class _NotTaken(Exception):
    """A visitor does not read the answer."""


class Guard:
    """ASGI middleware.

    - Of requests for a host name that is not one of this server's, none gets in: pages of other sites whose name is
      made to lead to this machine (DNS rebinding) read nothing. An address that is a number is right when it is the one
      at which the connection came in.
    - Only pages of this server and programs that are no browser may change anything (``Origin``, ``Sec-Fetch-Site``).
    - Requests have to be small, and to come in time.
    - The browser is told to load nothing from elsewhere, run no script but the page's, and show it in no frame.

    Args:
        app: What it stands before.
        hosts: Names that are this server's, besides those of the machine itself.
        max_body: Bytes that a request may have.
        idle: Seconds within which the next part of a request has to come, or of an answer be taken.
        bytes_per_second: How fast a request has to come on average, after ``idle`` seconds.
    """

    def __init__(self, app: Callable[..., Awaitable], hosts: Iterable[str] = (), max_body: int = 50_000_000,
                 idle: float = 20, bytes_per_second: float = 10_000):
        self.app, self.max_body, self.idle, self.bytes_per_second = app, max_body, idle, bytes_per_second
        self.hosts = {*LOCAL, *(host.lower().strip('[]').rstrip('.') for host in hosts)}

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope['type'] == 'websocket':  # the page has none
            await receive()
            await send({'type': 'websocket.close', 'code': 1008})
            return
        if scope['type'] != 'http':
            await self.app(scope, receive, send)
            return
        send = self._guarded(send)
        headers = {name.decode('latin-1'): value.decode('latin-1') for name, value in scope['headers']}
        try:
            self._check(scope, headers)
        except VisitorError as error:
            await JSONResponse({'error': error.sentence}, error.status, {'Connection': 'close'})(scope, receive, send)
            return
        with contextlib.suppress(_NotTaken):  # the server closes the connection of an answer that is not complete
            await self.app(scope, self._limited(receive), send)

    def _check(self, scope: dict, headers: dict[str, str]) -> None:
        host = headers.get('host', '')
        if not self._is_own(host, scope):
            raise VisitorError(f'This server is not called {host[:100]!r}. If it should be, start it with '
                               '--allow-host and that name.', 421)
        if scope['method'] not in ('GET', 'HEAD'):
            origin, site = headers.get('origin'), headers.get('sec-fetch-site', 'same-origin')
            if site not in ('same-origin', 'none') or (origin and not self._is_same(origin, host)):
                raise VisitorError('Pages of other sites may not use this server.', 403)
        length = headers.get('content-length', '0')
        if not length.isascii() or not length.isdigit() or int(length) > self.max_body:
            raise self._too_large()

    def _is_own(self, host: str, scope: dict) -> bool:
        matched = _HOST.fullmatch(host)
        if not matched:
            return False
        name = matched[1].lower().strip('[]')
        return name in self.hosts or name == (scope.get('server') or ('',))[0]

    def _is_same(self, origin: str, host: str) -> bool:
        """A proxy that adds TLS may pass requests on under another host name: then the origin is one that was named."""
        try:
            parts = urlsplit(origin)
            return parts.scheme in ('http', 'https') and (
                parts.netloc.lower() == host.lower() or parts.hostname in self.hosts.difference(LOCAL))
        except ValueError:
            return False

    def _too_large(self) -> VisitorError:
        return VisitorError(f'This file is too large: at most {self.max_body / 2**20:.0f} MB can be sent.', 413)

    def _limited(self, receive: Callable) -> Callable:
        begun, came, complete = time.monotonic(), 0, False

        async def limited() -> dict:
            nonlocal came, complete
            if complete:  # what comes now is the end of the connection
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self.idle)
            except asyncio.TimeoutError:
                raise VisitorError('The request came too slowly; try again.', 408) from None
            came += len(message.get('body', b''))
            complete = not message.get('more_body', False)
            if came > self.max_body:
                raise self._too_large()
            if not complete and came < (time.monotonic() - begun - self.idle) * self.bytes_per_second:
                raise VisitorError('The request came too slowly; try again.', 408)
            return message

        return limited

    def _guarded(self, send: Callable) -> Callable:
        async def guarded(message: dict) -> None:
            if message['type'] == 'http.response.start':
                message = {**message, 'headers': [*message.get('headers', []), *_ENCODED]}
            try:
                await asyncio.wait_for(send(message), self.idle * 3)
            except asyncio.TimeoutError:
                raise _NotTaken from None

        return guarded
