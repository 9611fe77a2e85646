"""Lists of photos: text files with one path a line."""
import re

PHOTO_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp')

_PATH = re.compile(rf'.*?(?:{"|".join(map(re.escape, PHOTO_SUFFIXES))})(?=\s|$)', re.IGNORECASE)


def listed_path(line: str) -> str:
    """The path in a line of a list; what follows it after a space, such as a class or a size, is ignored.

    The path ends with the suffix of a photo, so that it may hold spaces itself: MMagic reads ``my photo.jpg`` as
    ``my``. Where no suffix is known it ends at the first space.

    Returns:
        Relative to the folder of the photos: a leading slash, as in Places365's lists, is not of the root directory.
    """
    line = line.rstrip('\r\n')
    found = _PATH.match(line)
    return (found[0] if found else line.partition(' ')[0]).lstrip('/')


def can_be_listed(path: str) -> bool:
    """Whether a line can hold this path, so that :func:`listed_path` reads it."""
    try:
        path.encode()  # names that are no UTF-8 hold surrogates, which no text file takes
    except UnicodeEncodeError:
        return False
    return len(path.splitlines()) == 1 and path == path.strip() and listed_path(path) == path
