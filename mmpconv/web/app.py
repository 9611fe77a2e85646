"""The routes: the page, and the interface that it and other programs use (``static/openapi.json`` describes it)."""
import json
import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import numpy as np
from PIL import Image
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mmpconv.photos import Photo, PhotoError, hole_mask
from mmpconv.version import __version__

from .filling import Fills, Workers
from .forms import NamedFile, file_in, form_of, name_of, numbers_in, placed
from .messages import VisitorError, errors_for_visitors, notes
from .previews import picture_file, preview, preview_size
from .security import Guard
from .storage import PhotoStore, bounding_box

_STATIC = {'index.html': 'text/html; charset=utf-8', 'editor.js': 'text/javascript; charset=utf-8',
           'editor.css': 'text/css; charset=utf-8', 'icon.svg': 'image/svg+xml', 'sample.jpg': 'image/jpeg',
           'openapi.json': 'application/json'}
_LOSSY = {'JPEG': 'jpg', 'MPO': 'jpg'}
_MISTAKE = 'The server has made a mistake; its log says more.'


def build_app(store: PhotoStore, fills: Fills, max_upload: int, hosts: tuple[str, ...] = (), **guard: Any) -> Starlette:
    """The page as an ASGI application.

    Args:
        store: Keeps photos.
        fills: Fills them.
        max_upload: Bytes of a file.
        hosts: Names of this server, besides the machine's own.
        guard: Further limits of :class:`~mmpconv.web.security.Guard`.
    """
    return Starlette(
        routes=Interface(store, fills, max_upload).routes(),
        # Of what surrounds files in a request there is little; and a photo and a mask may come together.
        middleware=[Middleware(Guard, hosts=hosts, max_body=2 * max_upload + 100_000, **guard)],
        exception_handlers={VisitorError: lambda request, error: _refusal(error.sentence, error.status),
                            HTTPException: lambda request, error: _refusal(f'{error.detail}.', error.status_code),
                            ClientDisconnect: lambda request, error: Response(status_code=400),
                            Exception: lambda request, error: _refusal(_MISTAKE, 500)})


class Interface:
    """What is answered to requests; arguments as for :func:`build_app`."""

    def __init__(self, store: PhotoStore, fills: Fills, max_upload: int):
        self.store, self.fills, self.max_upload = store, fills, max_upload
        self._in_thread = Workers(2)

    def routes(self) -> list[Route]:
        photo = '/api/photos/{id}'
        return [
            Route('/', _static('index.html')),
            Route('/openapi.json', _static('openapi.json')),
            *(Route(f'/static/{name}', _static(name)) for name in _STATIC),
            Route('/api/status', self.status),
            Route('/api/photos', self.open, methods=['POST']),
            Route(photo, self.describe, methods=['GET']),
            Route(photo, self.remove, methods=['DELETE']),
            Route(f'{photo}/preview', self.preview),
            Route(f'{photo}/file', self.download),
            Route(f'{photo}/mask', self.mask, methods=['POST']),
            Route(f'{photo}/fill', self.fill, methods=['POST']),
            Route('/api/fill', self.fill_once, methods=['POST']),
        ]

    async def status(self, request: Request) -> Response:
        models = self.fills.models
        return _json({'version': __version__, 'default': models.default,
                      'models': [vars(model) for model in models.models.values()],
                      'limits': {'upload': self.max_upload, 'pixels': self.store.max_pixels,
                                 'keep_minutes': self.store.keep / 60}})

    async def open(self, request: Request) -> Response:
        async with form_of(request) as form:
            photo = file_in(form, 'photo')
            if photo.size > self.max_upload:
                raise VisitorError(f'This file is too large: at most {self.max_upload / 2**20:.0f} MB are taken.', 413)

            def add() -> dict:
                with notes() as said, errors_for_visitors():
                    return {**_about(*self.store.add(photo.file, name_of(photo))), 'notes': said}

            return _json(await self._in_thread(add), 201)

    async def describe(self, request: Request) -> Response:
        return _json(await self._of_photo(request, lambda photo: _about(request.path_params['id'], photo)))

    async def remove(self, request: Request) -> Response:
        self.store.remove(request.path_params['id'])
        return Response(status_code=204)

    async def preview(self, request: Request) -> Response:
        query = request.query_params
        box = numbers_in(query, 'box', 4)

        def draw(photo: Photo) -> tuple[bytes, str]:
            if box and not (box[2] and box[3] and all(start + size <= side for start, size, side in zip(
                    box, box[2:], reversed(preview_size(photo.shape))))):
                raise VisitorError('box must be left,top,width,height of a part of the preview.')
            return picture_file(preview(photo, box), lossless=bool(box) or query.get('format') == 'png')

        content, media_type = await self._of_photo(request, draw)
        return Response(content, media_type=media_type, headers={'Cache-Control': 'private, max-age=3600'})

    async def download(self, request: Request) -> Response:
        suffix = request.query_params.get('format')
        file, name = await self._of_photo(request, lambda photo: _written(photo, suffix, self.store.folder))
        return _attachment(file, name)

    async def mask(self, request: Request) -> Response:
        async with form_of(request) as form:
            hole, said = await self._hole(request.path_params['id'], form, may_be_empty=True)
        content, media_type = await self._in_thread(picture_file, Image.fromarray(hole), True)
        # As JSON, which is ASCII: headers hold no other letters.
        return Response(content, media_type=media_type, headers={'X-Notes': json.dumps(said)})

    async def fill(self, request: Request) -> Response:
        async with form_of(request) as form:
            photo_id, model = request.path_params['id'], self.fills.models.check(form.get('model'))
            hole, said = await self._hole(photo_id, form)
        return StreamingResponse(_lines(self.fills.run(model, self._filling(photo_id, hole)), said),
                                 media_type='application/x-ndjson', headers={'Cache-Control': 'no-store'})

    async def fill_once(self, request: Request) -> Response:
        async with form_of(request) as form:
            photo, suffix = file_in(form, 'photo'), form.get('format')
            model = self.fills.models.check(form.get('model'))

            def add() -> str:
                with errors_for_visitors():
                    return self.store.add(photo.file, name_of(photo))[0]

            photo_id = await self._in_thread(add)
            try:
                hole, _ = await self._hole(photo_id, form)
                steps = self.fills.run(model, self._filling(photo_id, hole))
                async for step in steps:
                    if step['state'] == 'done':
                        break
                    if await request.is_disconnected():
                        await steps.aclose()
                        raise ClientDisconnect
                filled_id = step['result']['photo']['id']
                return _attachment(*await self._in_thread(
                    self._read, filled_id, lambda photo: _written(photo, suffix, self.store.folder)))
            finally:
                self.store.remove(photo_id)

    def _filling(self, photo_id: str, hole: np.ndarray) -> Callable:
        # A hole waits for its turn; most are small.
        shape, box = hole.shape, bounding_box(hole)
        hole = hole[box].copy()

        def filling(filler: Any, progress: Callable[[int, int], None]) -> dict:
            whole = np.zeros(shape, bool)
            whole[box] = hole
            with notes() as said:
                filled = filler.fill(self.store.read(photo_id), whole, progress=progress)
            progress(1, 1)
            rows, columns = box
            return {'photo': _about(self.store.add_filled(photo_id, whole, filled), filled), 'notes': said,
                    'share': float(whole.mean()),
                    'changed': [columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start]}

        return filling

    async def _hole(self, photo_id: str, form: FormData, may_be_empty: bool = False) -> tuple[np.ndarray, list[str]]:
        """What a mask marks, and what is to be said about the mask."""
        content = file_in(form, 'mask')
        mask = NamedFile(await content.read(), name_of(content))
        place, grow = numbers_in(form, 'place', 2), numbers_in(form, 'grow', 1) or [0]
        invert, resize = (form.get(name) in ('1', 'true', 'on') for name in ('invert', 'resize'))

        def read() -> tuple[np.ndarray, list[str]]:
            with notes() as said, errors_for_visitors():
                photo, limit = self.store.read(photo_id), self.store.max_pixels
                hole = hole_mask(placed(mask, place, photo, limit) if place else mask, photo, invert=invert,
                                 grow=grow[0], resize_mask=resize, max_pixels=limit)
            if not (may_be_empty or hole.any()):
                raise VisitorError('Nothing is marked yet: paint over what you want gone, or open a mask.', 422)
            return hole, [] if place else said

        return await self._in_thread(read)

    async def _of_photo(self, request: Request, function: Callable[[Photo], Any]) -> Any:
        return await self._in_thread(self._read, request.path_params['id'], function)

    def _read(self, photo_id: str, function: Callable[[Photo], Any]) -> Any:
        with notes(), errors_for_visitors():
            return function(self.store.read(photo_id))


async def _lines(steps: AsyncIterator[dict], said: list[str]) -> AsyncIterator[str]:
    """One line of JSON a step."""
    try:
        async for step in steps:
            if step['state'] == 'done':
                result = step['result']
                step = {'state': 'done', **result, 'notes': said + result['notes']}
            yield json.dumps(step) + '\n'
    except VisitorError as error:
        yield json.dumps({'state': 'failed', 'error': error.sentence}) + '\n'
    except Exception:
        logging.getLogger('uvicorn.error').exception('a photo could not be filled')
        yield json.dumps({'state': 'failed', 'error': _MISTAKE}) + '\n'
    finally:
        await steps.aclose()


def _about(photo_id: str, photo: Photo) -> dict:
    height, width = photo.shape
    preview_height, preview_width = preview_size(photo.shape)
    own = _LOSSY.get(photo.format)
    return {'id': photo_id, 'name': photo.name, 'width': width, 'height': height, 'format': photo.format,
            'preview': {'width': preview_width, 'height': preview_height},
            'files': [photo.lossless_suffix[1:], *([own] if own else [])]}


def _written(photo: Photo, suffix: str | None, folder: Path) -> tuple[BinaryIO, str]:
    """A file that is gone when it is closed, and what to call it."""
    suffix = f'.{suffix}' if suffix else photo.lossless_suffix
    if not re.fullmatch(r'\.[a-z]{1,5}', suffix):
        raise VisitorError('format must be a suffix such as png, tif or jpg.')
    name = f'{Path(photo.name).stem}-filled{suffix}'
    path = folder / f'{secrets.token_hex(8)}{suffix}'
    try:
        photo.save(path)
        return open(path, 'rb'), name
    except PhotoError as error:
        raise PhotoError(str(error).replace(str(path), name)) from None
    finally:
        path.unlink(missing_ok=True)


def _attachment(file: BinaryIO, name: str) -> Response:
    def chunks() -> Iterator[bytes]:
        with file:
            while chunk := file.read(2**18):
                yield chunk

    headers = {'Content-Disposition': f"attachment; filename*=UTF-8''{quote(name)}", 'Cache-Control': 'no-store',
               'Content-Length': str(file.seek(0, 2))}
    file.seek(0)
    return StreamingResponse(chunks(), media_type='application/octet-stream', headers=headers)


def _static(name: str) -> Callable:
    content = files(__package__).joinpath('static', name).read_bytes()

    async def answer(request: Request) -> Response:
        return Response(content, media_type=_STATIC[name], headers={'Cache-Control': 'no-cache'})

    return answer


def _json(content: dict, status: int = 200) -> Response:
    return JSONResponse(content, status, {'Cache-Control': 'no-store'})


def _refusal(sentence: str, status: int) -> Response:
    return _json({'error': sentence}, status)
