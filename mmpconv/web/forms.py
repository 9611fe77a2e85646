"""What visitors send: forms with files in them."""
import io
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, BinaryIO

import numpy as np
from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from mmpconv.photos import Photo, binarise_mask

from .messages import VisitorError

# It prints what it thinks of broken requests, where no logging is set up.
logging.getLogger('python_multipart').addHandler(logging.NullHandler())


class NamedFile(io.BytesIO):
    """A file in memory that messages call by its name."""

    def __init__(self, content: bytes, name: str):
        super().__init__(content)
        self.name = name


@asynccontextmanager
async def form_of(request: Request) -> AsyncIterator[FormData]:
    """The form of a request; its files are closed at the end.

    Raises:
        VisitorError: It is no form.
    """
    try:
        form = await request.form(max_files=2, max_fields=10)
    except (HTTPException, FormParserError):
        raise VisitorError('The request cannot be read; send it as multipart/form-data.') from None
    try:
        yield form
    finally:
        await form.close()


def file_in(form: FormData, name: str) -> UploadFile:
    """A file of a form.

    Raises:
        VisitorError: There is none.
    """
    file = form.get(name)
    if not isinstance(file, UploadFile):
        raise VisitorError(f'The request has no file {name!r}; send it as multipart/form-data.')
    return file


def name_of(file: UploadFile) -> str:
    """Without folders, and without what is no letter on a screen."""
    name = re.split(r'[/\\]', file.filename or '')[-1]
    return ''.join(letter for letter in name if letter.isprintable())[:150] or 'photo'


def numbers_in(given: Any, name: str, count: int) -> list[int] | None:
    """Whole numbers of a form or of the query of an address; None if they are not given.

    Raises:
        VisitorError: They are something else.
    """
    text = given.get(name)
    if not text:
        return None
    if not isinstance(text, str) or not re.fullmatch(rf'\d{{1,6}}(,\d{{1,6}}){{{count - 1}}}', text, re.ASCII):
        raise VisitorError(f'{name} must be {count} whole numbers with commas between.' if count > 1 else
                           f'{name} must be a whole number.')
    return [int(number) for number in text.split(',')]


def placed(mask: BinaryIO, place: list[int], photo: Photo, max_pixels: int) -> Photo:
    """A mask of a part of the photo, whose left upper corner is at ``place``."""
    part = binarise_mask(Photo.read(mask, max_pixels).color()[..., ::-1])[..., 0].view(bool)
    left, top = place
    whole = np.zeros(photo.shape, bool)
    seen = whole[top:top + part.shape[0], left:left + part.shape[1]]
    if seen.shape != part.shape:
        raise VisitorError('The mask reaches beyond the photo; send a smaller one, or another place.', 422)
    seen[:] = part
    return Photo.from_array(whole, name='that was painted')
