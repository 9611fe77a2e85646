"""What the user may write for MASK."""
import re
from pathlib import Path

MASK_HELP = ("a picture, white = hole; a folder of pictures that are called as the photos, with any suffix; or, taken "
             "from the photo itself, 'alpha' (transparent pixels) or a colour: black, white, R,G,B or '#rrggbb'")
WORDS = ('black', 'white', 'alpha')


def parse_mask(text: str) -> str | tuple[int, int, int] | Path:
    """What a MASK on the command line means.

    Args:
        text: As the user wrote it. ``./black`` is a file of that name.

    Returns:
        One of :data:`WORDS`, a colour ``(r, g, b)`` in [0, 255], or a path, of which nothing is checked.

    Raises:
        ValueError: It looks like a colour and is none.
    """
    if text in WORDS:
        return text
    if re.fullmatch(r'#[0-9a-fA-F]{6}', text):
        return tuple(bytes.fromhex(text[1:]))
    if re.fullmatch(r'\s*\d+\s*(,\s*\d+\s*)+', text):
        color = tuple(int(part) for part in text.split(','))
        if len(color) != 3 or max(color) > 255:
            raise ValueError(f'the colour {text} is not three numbers from 0 to 255, such as 255,0,255')
        return color
    if text.startswith('#') and not Path(text).exists():
        raise ValueError(f"the colour {text} is not of the form '#rrggbb'; R,G,B works too")
    return Path(text)


def is_color(mask: str | tuple[int, int, int] | Path) -> bool:
    """Whether a mask, as of :func:`parse_mask`, is a colour of the photo."""
    return mask in ('black', 'white') or isinstance(mask, tuple)
