"""What a browser shows of a photo: small enough for every phone, upright, in 8 bits."""
import base64
import io

import cv2
import numpy as np
from PIL import Image

from mmpconv.photos import Photo

MAX_SIDE = 2048
_HOLE = (225, 29, 72, 255)


def preview(photo: Photo) -> Image.Image:
    """RGB, at most ``MAX_SIDE`` pixels a side; white where the photo is transparent."""
    color = photo.color()
    h, w = color.shape[:2]
    size = shown_size((h, w))
    if size != (h, w):
        color = cv2.resize(color, size[::-1], interpolation=cv2.INTER_AREA)
    if color.dtype == np.uint16:
        color = (color // 257).astype(np.uint8)
    elif color.dtype != np.uint8:
        color = np.round(np.clip(color, 0, 1) * 255).astype(np.uint8)
    hidden = photo.hidden()
    if hidden is not None:
        color = np.where(_shrink(hidden)[..., None], np.uint8(255), color)
    return Image.fromarray(color)


def hole_overlay(hole: np.ndarray) -> Image.Image:
    """Red where ``hole``, `(h, w)` bool, is True, else transparent; of the preview's size."""
    shrunk = _shrink(hole)
    return Image.fromarray(shrunk[..., None] * np.array(_HOLE, np.uint8))


def data_url(image: Image.Image) -> str:
    """A picture within a page. RGB becomes JPEG, RGBA becomes PNG."""
    file = io.BytesIO()
    kind = 'png' if image.mode == 'RGBA' else 'jpeg'
    image.save(file, kind, quality=90)
    return f'data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}'


def shown_size(shape: tuple[int, int]) -> tuple[int, int]:
    """`(h, w)` of the preview of a photo of `(h, w)` pixels."""
    shrunk = min(1, MAX_SIDE / max(shape))
    return tuple(max(1, round(side * shrunk)) for side in shape)


def _shrink(mask: np.ndarray) -> np.ndarray:
    """`(h, w)` bool at the size of the preview."""
    h, w = shown_size(mask.shape)
    return cv2.resize(mask.astype(np.uint8), (w, h), interpolation=cv2.INTER_NEAREST).astype(bool)
