"""Messages about photos, in the words of the command line."""
import os
from pathlib import Path
from typing import Any

from mmpconv.remedies import Mendable

_OPTIONS = {'checkpoint', 'compile', 'dtype', 'invert', 'max_pixels', 'resize_mask', 'tile_size', 'tolerance'}


def in_options(argument: str, value: Any) -> str:
    """The advice to set an argument, as an option of ``mmpconv inpaint``; empty if it is none there."""
    if argument not in _OPTIONS:
        return ''
    option = f'--{argument.replace("_", "-")}'
    if value is None or value is False:
        return f'leave out {option}'
    return f'give {option}' if value is True else f'give {option} {value}'


def sentence_about(path: Path, error: Exception | str) -> str:
    """What is wrong, with the name of the photo before it if it has none."""
    sentence = error.sentence(in_options) if isinstance(error, Mendable) else str(error)
    # Names of files need not be UTF-8; the sentence has something else in place of what is not.
    name = os.fsencode(path.name).decode('utf-8', 'replace')
    return sentence if name in sentence or path.name in sentence else f'{path}: {sentence}'
