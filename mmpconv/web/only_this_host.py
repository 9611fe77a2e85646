"""Keeps the page from reaching any other machine, and visitors from sending more than the page does."""
import re
from collections.abc import Awaitable, Callable

# What Gradio's page asks of other hosts, or of this one in vain.
_FOREIGN = re.compile(rb'<link\s+rel="(?:preconnect|manifest)"[^>]*>|<script\s+src="https?:[^>]*>\s*</script>|'
                      rb'<meta property="og:url"[^>]*>')
_POLICY = ("default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'self'; "
           "base-uri 'self'; form-action 'self'")


class OnlyThisHost:
    """ASGI middleware: a content security policy, no page elements or redirects that lead elsewhere, small requests.

    Args:
        app: What it stands before.
        max_upload: Bytes that one upload may have.
        max_body: Bytes that any other request may have.
    """

    def __init__(self, app: Callable[..., Awaitable], max_upload: int, max_body: int = 8_000_000):
        self.app, self.max_upload, self.max_body = app, max_upload, max_body

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope['type'] == 'websocket':  # the page has none
            await receive()
            await send({'type': 'websocket.close', 'code': 1008})
            return
        if scope['type'] != 'http':
            await self.app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused:
            await _answer(send, *refused)
            return
        await self.app(scope, receive, _Cleaned(send) if scope['path'] == '/' else _guarded(send))

    def _refused(self, scope: dict) -> tuple[int, str] | None:
        if scope['method'] in ('GET', 'HEAD'):
            return None
        length = dict(scope['headers']).get(b'content-length')
        if length is None:
            return 411, 'This request must say how long it is.'
        # Of what surrounds a file in an upload there is little.
        limit = self.max_upload + 100_000 if scope['path'].rstrip('/').endswith('/upload') else self.max_body
        if int(length) > limit:
            return 413, f'This file is too large: at most {limit / 1e6:.0f} MB can be sent.'
        return None


def _guarded(send: Callable) -> Callable:
    async def guarded(message: dict) -> None:
        if message['type'] == 'http.response.start':
            headers = dict(message['headers'])
            if headers.get(b'location', b'').startswith((b'http', b'//')):
                message = {**message, 'status': 404, 'headers': []}
            message['headers'] = [*message['headers'], *_HEADERS]
        await send(message)

    return guarded


class _Cleaned:
    """Sends a page of HTML without what it asks of other hosts."""

    def __init__(self, send: Callable):
        self.send, self.start, self.body = _guarded(send), None, b''

    async def __call__(self, message: dict) -> None:
        if message['type'] == 'http.response.start':
            self.start = message
        elif message['type'] == 'http.response.body':
            self.body += message.get('body', b'')
            if message.get('more_body'):
                return
            body = _FOREIGN.sub(b'', self.body)
            headers = [pair for pair in self.start['headers'] if pair[0] != b'content-length']
            await self.send({**self.start, 'headers': [*headers, (b'content-length', str(len(body)).encode())]})
            await self.send({**message, 'body': body})


_HEADERS = [(b'content-security-policy', _POLICY.encode()), (b'referrer-policy', b'no-referrer'),
            (b'x-content-type-options', b'nosniff')]


async def _answer(send: Callable, status: int, text: str) -> None:
    body = text.encode()
    await send({'type': 'http.response.start', 'status': status,
                'headers': [(b'content-type', b'text/plain; charset=utf-8'),
                            (b'content-length', str(len(body)).encode()), *_HEADERS]})
    await send({'type': 'http.response.body', 'body': body})
