"""The photos of visitors, in one folder, for as long as they are used and there is room."""
import collections
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from mmpconv.photos import Photo
from mmpconv.whole_files import whole_file

from .messages import VisitorError

MEGABYTE = 1024**2
# Photos that were used so recently are not given up for others, in seconds.
_IN_USE = 600
# Of each photo the state that was used last is kept decoded, up to so many bytes: who fills again and again does not
# wait for decoding.
_DECODED = 256 * MEGABYTE


@dataclass
class _Upload:
    """An uploaded file, and what was filled in it since.

    Attributes:
        fillings: By number, the file with all that differs from the upload.
        size: Bytes of all files.
    """

    name: str
    path: Path
    size: int
    used: float
    fillings: dict[int, Path] = field(default_factory=dict)


class PhotoStore:
    """Uploaded photos and their fillings. May be used by several threads.

    A filling is kept as the colours in its hole, not as a picture: whatever was filled however often, all other pixels
    are those of the uploaded file. Nobody finds a photo whose id he was not given: it contains a random number.

    Args:
        folder: Where files are written.
        max_pixels: Larger photos are refused.
        max_bytes: Of all files. When there is no room, the photo goes that has not been used for longest.
        keep: Seconds that a photo stays after it was last used.
        clock: Gives the time in seconds.
    """

    def __init__(self, folder: Path, max_pixels: int, max_bytes: int, keep: float,
                 clock: Callable[[], float] = time.monotonic):
        self.folder, self.max_pixels, self.max_bytes, self.keep = folder, max_pixels, max_bytes, keep
        self._clock, self._lock = clock, threading.RLock()
        self._uploads: dict[str, _Upload] = {}
        self._decoded: collections.OrderedDict[str, Photo] = collections.OrderedDict()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        with self._lock:
            return sum(upload.size for upload in self._uploads.values())

    def add(self, content: BinaryIO, name: str) -> tuple[str, Photo]:
        """Take an uploaded file.

        Args:
            content: Its content.
            name: Its name, for messages and for the name of what is downloaded.

        Returns:
            tuple[str, Photo]: Its id, and the photo.

        Raises:
            PhotoError: It is no photo that can be used.
            VisitorError: There is no room.
        """
        size = content.seek(0, 2)
        content.seek(0)
        key = secrets.token_urlsafe(16)
        path = self.folder / f'{key}.upload'
        with self._lock:
            self._make_room(size)
            self._uploads[key] = _Upload(name, path, size, self._clock())
        try:
            with whole_file(path) as unfinished, open(unfinished, 'wb') as file:
                shutil.copyfileobj(content, file, MEGABYTE)
            return f'{key}.0', self.read(f'{key}.0')
        except BaseException:
            self.remove(f'{key}.0')
            raise

    def read(self, photo_id: str) -> Photo:
        """The photo of an id; it counts as used.

        Raises:
            VisitorError: There is none, any more.
        """
        upload, number = self._find(photo_id)
        with self._lock:
            if photo := self._decoded.get(photo_id):
                self._decoded.move_to_end(photo_id)
                return photo
        photo = self._read_upload(upload)
        if number:
            box, hole, new = self._read_filling(upload, number)
            color = photo.color().copy()
            color[box][hole] = new
            whole = np.zeros(photo.shape, bool)
            whole[box] = hole
            photo = photo.filled(color, whole)
        self._remember(photo_id, photo)
        return photo

    def add_filled(self, photo_id: str, hole: np.ndarray, filled: Photo) -> str:
        """Keep what was filled.

        Args:
            photo_id: Of the photo in which it was filled.
            hole: `(h, w)` bool, what was filled now.
            filled: The whole photo.

        Returns:
            str: Its id. The one before stays what it is.
        """
        upload, number = self._find(photo_id)
        if number:
            box, before, _ = self._read_filling(upload, number)
            hole = hole.copy()
            hole[box] |= before
        box = bounding_box(hole)
        hole, new = hole[box], filled.color()[box][hole[box]]
        bits = np.packbits(hole)
        with self._lock:
            self._make_room(new.nbytes + bits.nbytes)
            number = max(upload.fillings, default=0) + 1
            path = upload.path.with_name(f'{upload.path.stem}-{number}.npz')
            upload.fillings[number] = path
            upload.size += new.nbytes + bits.nbytes
        with whole_file(path) as unfinished:
            np.savez(unfinished, box=[box[0].start, box[1].start], shape=hole.shape, bits=bits, new=new)
        if upload.path.stem not in self._uploads:  # deleted meanwhile
            path.unlink(missing_ok=True)
        photo_id = f'{upload.path.stem}.{number}'
        self._remember(photo_id, filled)
        return photo_id

    def remove(self, photo_id: str) -> None:
        """Delete an upload with all its fillings; does nothing if it is gone."""
        key = photo_id.partition('.')[0]
        with self._lock:
            upload = self._uploads.pop(key, None)
            self._forget(key)
        if upload:
            for path in (upload.path, *upload.fillings.values()):
                path.unlink(missing_ok=True)

    def remove_old(self) -> None:
        """Delete what has not been used for too long."""
        with self._lock:
            old = [key for key, upload in self._uploads.items() if upload.used < self._clock() - self.keep]
        for key in old:
            self.remove(key)

    def _find(self, photo_id: str) -> tuple[_Upload, int]:
        key, _, number = photo_id.partition('.')
        with self._lock:
            upload = self._uploads.get(key)
            if upload is None or (number != '0' and number not in map(str, upload.fillings)):
                raise VisitorError('This photo is no longer kept on the server; open it again.', 404)
            upload.used = self._clock()
            return upload, int(number)

    def _read_upload(self, upload: _Upload) -> Photo:
        with _opened(upload.path) as file:
            file.raw.name = upload.name  # what messages call it
            return Photo.read(file, self.max_pixels)

    def _read_filling(self, upload: _Upload, number: int) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray]:
        with _opened(upload.fillings[number]) as file, np.load(file, allow_pickle=False) as kept:
            (top, left), shape = kept['box'], tuple(kept['shape'])
            hole = np.unpackbits(kept['bits'], count=shape[0] * shape[1]).reshape(shape).view(bool)
            return (slice(top, top + shape[0]), slice(left, left + shape[1])), hole, kept['new']

    def _remember(self, photo_id: str, photo: Photo) -> None:
        key = photo_id.partition('.')[0]
        with self._lock:
            self._forget(key)  # who has filled goes on with the result
            if key not in self._uploads:
                return
            self._decoded[photo_id] = photo
            while sum(each.samples().nbytes for each in self._decoded.values()) > _DECODED:
                self._decoded.popitem(last=False)

    def _forget(self, key: str) -> None:
        for decoded in [each for each in self._decoded if each.startswith(f'{key}.')]:
            del self._decoded[decoded]

    def _make_room(self, size: int) -> None:
        while self.size + size > self.max_bytes:
            spare = [key for key, upload in self._uploads.items() if upload.used < self._clock() - _IN_USE]
            if not spare:
                raise VisitorError('The server has no room for more photos now; try again later.', 507)
            self.remove(min(spare, key=lambda key: self._uploads[key].used))


def bounding_box(hole: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of what is True in `(h, w)` bool; empty slices if nothing is."""
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(hole).view(np.uint8))
    return slice(top, top + height), slice(left, left + width)


def _opened(path: Path) -> BinaryIO:
    try:
        return open(path, 'rb')
    except FileNotFoundError:
        raise VisitorError('This photo is no longer kept on the server; open it again.', 404) from None
