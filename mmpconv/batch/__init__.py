"""Filling of photos for ``mmpconv inpaint``: of one in a pipe, or of many, by one process or several."""
from pathlib import Path

STREAM = '-'
"""Standard input in the place of a photo, standard output in that of a result."""
Mask = str | tuple[int, int, int] | Path
"""``black``, ``white`` or ``alpha``; a colour ``(r, g, b)`` in [0, 255]; or a file, or a folder with one for each."""
