"""Pictures of several samples on one sheet."""
import unicodedata
from collections.abc import Sequence

import cv2
import numpy as np
from torch import Tensor

MAX_SIDE = 512  # pixels of a tile; larger images are scaled down
_WIDTH = 1600  # of the sheet, unless one sample is wider
_GAP, _LINE = 6, 16  # pixels
_FONT = dict(fontFace=cv2.FONT_HERSHEY_SIMPLEX, fontScale=0.42, color=(40, 40, 40), thickness=1, lineType=cv2.LINE_AA)


def evenly_spread(count: int, length: int) -> list[int]:
    """Indices of ``count`` samples, or all of them, spread from the first to the last."""
    return np.linspace(0, length - 1, min(count, length)).round().astype(int).tolist()


def to_picture(image: Tensor) -> np.ndarray:
    """An image of MMagic's data samples as a picture.

    Args:
        image: ``(1 or 3, H, W)``, BGR, in [0, 255].

    Returns:
        ndarray: ``(H, W, 3)`` RGB bytes; at most :data:`MAX_SIDE` pixels high and wide.
    """
    image = image.detach().float().expand(3, -1, -1).flip(0).clamp(0, 255).round()
    picture = image.permute(1, 2, 0).cpu().numpy().astype(np.uint8)
    height, width = picture.shape[:2]
    scale = MAX_SIDE / max(height, width)
    if scale >= 1:
        return picture
    size = max(1, round(scale * width)), max(1, round(scale * height))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def contact_sheet(samples: Sequence[Sequence[np.ndarray]], titles: Sequence[str],
                  captions: Sequence[Sequence[str]] | None = None) -> np.ndarray:
    """Tiles of each sample side by side, pixel for pixel; as many samples in a row as fit.

    Args:
        samples: For each sample its tiles, ``(H, W, 3)`` RGB bytes, as many as titles.
        titles: What the tiles are; written above.
        captions: For each sample the lines below it. Characters outside ASCII lose their accents or become ``?``.

    Returns:
        ndarray: ``(H', W', 3)`` RGB bytes.
    """
    captions = captions or [()] * len(samples)
    height = max(tile.shape[0] for tiles in samples for tile in tiles)
    widths = [max(tiles[column].shape[1] for tiles in samples) for column in range(len(titles))]
    block = np.full((_LINE + height + _LINE * max(map(len, captions)) + 2 * _GAP, sum(widths) + _GAP * len(widths), 3),
                    255, np.uint8)
    columns = min(len(samples), max(1, _WIDTH // block.shape[1]))
    blocks = [_draw_sample(block.copy(), tiles, titles, lines, widths, height)
              for tiles, lines in zip(samples, captions)]
    blocks += [block] * (-len(blocks) % columns)
    return np.vstack([np.hstack(blocks[start:start + columns]) for start in range(0, len(blocks), columns)])


def _draw_sample(block: np.ndarray, tiles, titles, lines, widths, height) -> np.ndarray:
    left = _GAP // 2
    for tile, title, width in zip(tiles, titles, widths):
        _write(block, title, left, _LINE - 4, width)
        block[_LINE:_LINE + tile.shape[0], left:left + tile.shape[1]] = tile
        left += width + _GAP
    for number, line in enumerate(lines, 1):
        _write(block, line, _GAP // 2, _LINE + height + number * _LINE - 3, block.shape[1] - _GAP)
    return block


def _write(block: np.ndarray, text: str, left: int, baseline: int, width: int) -> None:
    """Write a text; what is too long loses its middle, as the ends tell file names apart."""
    plain = unicodedata.normalize('NFKD', text)
    plain = ''.join(c for c in plain if not unicodedata.combining(c)).encode('ascii', 'replace').decode()

    def fits(shown):
        return cv2.getTextSize(shown, _FONT['fontFace'], _FONT['fontScale'], _FONT['thickness'])[0][0] <= width

    shown, kept = plain, len(plain)
    while kept > 1 and not fits(shown):
        kept -= 1
        shown = f'{plain[:kept // 2]}..{plain[len(plain) - (kept - kept // 2):]}'
    cv2.putText(block, shown, (left, baseline), **_FONT)
