"""What happens when a visitor of the page does something."""
import html
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import gradio as gr
import numpy as np

from mmpconv.errors import LaunchError
from mmpconv.photos import Photo, PhotoError, hole_mask

from .comparison import comparison
from .previews import data_url, hole_overlay, preview
from .strokes import StrokesError, paint, read_strokes
from .told import listening

# What a message proposes to a programmer, and what a visitor can do.
_REMEDIES = {
    'set resize=True to scale it': 'tick “Scale a mask of another size”',
    'set invert=True': 'tick “Invert the mask”',
    'set invert=False': 'untick “Invert the mask”',
    ' or raise max_pixels': '',
}


class Filler(Protocol):
    """What fills: an :class:`~mmpconv.apis.Inpainter`."""

    def fill(self, photo: Photo, hole: np.ndarray, *, progress: Callable[[int, int], None] | None = None) -> Photo: ...


class Desk:
    """Reads what visitors send, has it filled, and keeps nothing but files in one folder.

    Every method raises ``gr.Error``, a sentence that the page shows, for what the visitor has to act on.

    Args:
        inpainter: What fills.
        folder: Where filled photos are written, each in a folder of its own whose name cannot be guessed.
        max_pixels: Photos and masks of more pixels are refused.
    """

    def __init__(self, inpainter: Filler, folder: Path, max_pixels: int):
        self.inpainter, self.folder, self.max_pixels = inpainter, folder, max_pixels
        self._filling, self._closed = threading.Lock(), False

    def show_photo(self, path: str | None) -> tuple[dict | None, Any]:
        """A photo that was just uploaded.

        Returns:
            tuple: For the painter, its preview and its size at full resolution (None without a photo); and the brush,
            a twelfth of the photo's shorter side.
        """
        if path is None:
            return None, gr.skip()
        with _to_the_visitor(path):
            photo = self._read(path)
            h, w = photo.shape
            shown = dict(source=data_url(preview(photo)), width=w, height=h)
        return shown, gr.update(maximum=max(2, min(h, w) // 2), value=max(1, min(h, w) // 12))

    def show_mask(self, path: str | None, mask: str | None, invert: bool, resize: bool) -> str:
        """A mask that was just uploaded or changed, as a picture to lay over the photo; '' without one."""
        if path is None or mask is None:
            return ''
        with _to_the_visitor(path, mask):
            return data_url(hole_overlay(self._hole_of(self._read(path), mask, invert, resize)))

    def fill(self, path: str | None, mask: str | None, invert: bool, resize: bool, grow: int, strokes: str,
             progress: Callable[..., Any]) -> tuple[str, str, Any]:
        """Fill what was painted and what the mask says.

        Args:
            path: The uploaded photo.
            mask: The uploaded mask, or None.
            invert: Whether black is the hole in it.
            resize: Whether it may have another size than the photo.
            grow: By how many pixels the hole is made larger all round.
            strokes: As of :func:`read_strokes`; painted over the mask.
            progress: Called as ``gr.Progress``.

        Returns:
            tuple: HTML to compare before and after, a sentence on what was done, and the button with the new file.
        """
        if path is None:
            raise _error('Choose a photo first.')
        begun = time.monotonic()
        with _to_the_visitor(path, mask):
            photo = self._read(path)
            hole = np.zeros(photo.shape, bool) if mask is None else self._hole_of(photo, mask, invert, resize)
            hole = paint(hole, read_strokes(strokes, photo.shape))
            if not hole.any():
                raise _error('Nothing is to be filled yet: paint over what you want gone, or choose a mask.')
            hole = _grown(hole, photo, grow)

            def tell(*tiles: int) -> None:
                if self._closed:
                    raise _error('The page has ended.')
                progress(tiles, unit='tiles')

            with self._filling:
                filled = self.inpainter.fill(photo, hole, progress=tell)
                result = self.folder / secrets.token_urlsafe(24) / f'{Path(path).stem}-filled{photo.lossless_suffix}'
                filled.save(result)
        h, w = photo.shape
        done = (f'Filled {hole.mean():.2%} of {w} × {h} pixels in {time.monotonic() - begun:.1f} s. '
                'All others are the same, bit for bit.')
        button = gr.update(label=f'Download {result.name}', value=str(result), interactive=True)
        return comparison(preview(photo), preview(filled)), done, button

    def close(self) -> None:
        """Give up a filling that is going on, and write nothing more."""
        self._closed = True

    def wait(self) -> None:
        """Until nothing is being filled or written."""
        with self._filling:
            pass

    def _read(self, path: str) -> Photo:
        return Photo.read(path, max_pixels=self.max_pixels)

    def _hole_of(self, photo: Photo, mask: str, invert: bool, resize: bool) -> np.ndarray:
        return hole_mask(mask, photo, invert=invert, resize=resize, max_pixels=self.max_pixels)


def _grown(hole: np.ndarray, photo: Photo, grow: int) -> np.ndarray:
    try:
        # What there is to be said of a mask has been said when it was read.
        with listening():
            return hole_mask(hole, photo, grow=grow)
    except PhotoError:
        raise _error('Nothing is left to fill the hole from: leave more of the photo as it is.') from None


@contextmanager
def _to_the_visitor(*paths: str | None) -> Iterator[None]:
    """Show what is wrong with files, and what to know about them, on the page."""
    with listening() as told:
        try:
            yield
        except (PhotoError, LaunchError, StrokesError) as error:
            raise _error(_sentence(str(error), paths)) from None
        except MemoryError:
            raise _error('This server has too little memory for this photo; scale it down.') from None
    for message in told:
        gr.Warning(_sentence(message, paths))


def _error(sentence: str) -> gr.Error:
    return gr.Error(sentence, print_exception=False)


def _sentence(text: str, paths: tuple[str | None, ...]) -> str:
    """A message as the page shows it: with names of files, not where they are on this machine, and no markup."""
    names = {path: Path(path).name for path in paths if path}
    for path, name in names.items():
        text = text.replace(path, name)
    for proposed, possible in _REMEDIES.items():
        text = text.replace(proposed, possible)
    return html.escape(text if text.startswith(tuple(names.values())) else text[:1].upper() + text[1:])
