"""Pictures that are not decoded."""
from .errors import PhotoError

MAX_PIXELS = 89_478_485


def check_size(size: tuple[int, int], max_pixels: int) -> None:
    """Refuse what has more pixels than a user wants to have decoded.

    Args:
        size: Width and height, as the file's header says.
    """
    if size[0] * size[1] > max_pixels:
        raise PhotoError(f'it has {size[0]} x {size[1]} pixels, more than the limit of {max_pixels}; scale it down or '
                         'raise max_pixels')


def check_frames(frames: int) -> None:
    """Refuse animations and files of several pages."""
    if frames > 1:
        raise PhotoError(f'it has {frames} frames or pages; save the one that is meant as a picture of its own')
