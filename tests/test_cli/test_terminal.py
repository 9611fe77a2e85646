"""``mmpconv inpaint`` on a terminal: a bar while it fills, and lines that stay."""
import os
import pty
import subprocess
import sys

from small_photos import write_mask, write_photo

PROGRAM = """
import sys
sys.path.insert(0, {here!r})
import mmpconv.apis
from one_color import OneColor
from mmpconv.apis.inpainter import Inpainter
mmpconv.apis.Inpainter = lambda *_, tile_size, max_pixels: Inpainter(OneColor(), max_pixels=max_pixels)
from mmpconv.cli import main
sys.exit(main({arguments!r}))
"""


def on_a_terminal(*arguments):
    """What a user sees, with the codes that move the cursor."""
    leader, follower = pty.openpty()
    program = PROGRAM.format(here=os.path.dirname(__file__), arguments=arguments)
    process = subprocess.Popen([sys.executable, '-W', 'ignore', '-c', program], stdout=follower, stderr=follower,
                               env={**os.environ, 'TERM': 'xterm', 'COLUMNS': '100'})
    os.close(follower)
    shown = b''
    try:
        while part := os.read(leader, 4096):
            shown += part
    except OSError:  # so Linux says that the other end is closed
        pass
    os.close(leader)
    assert process.wait(60) == 0, shown.decode()
    return shown.decode()


def test_bars_of_photos_and_tiles_are_shown_and_go_away(folder):
    for name in ('a.png', 'b.png'):
        write_photo(folder / name)
    write_mask(folder / 'mask.png')
    shown = on_a_terminal('inpaint', 'a.png', 'b.png', '--mask', 'mask.png', '-o', 'out')
    assert 'photos' in shown and '━' in shown
    assert '[1/2] out/a.png: ' in shown and '2 of 2 photos filled' in shown
    shown = on_a_terminal('inpaint', 'a.png', 'b.png', '--mask', 'mask.png', '-o', 'out', '--quiet')
    assert shown == ''
