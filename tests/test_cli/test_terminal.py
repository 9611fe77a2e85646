"""``mmpconv inpaint`` on a terminal: a bar while it fills, and lines that stay."""
import io
import os
import pty
import re
import subprocess
import sys

import numpy as np
from patience import PATIENCE
from PIL import Image
from rich.console import Console
from small_photos import write_mask, write_photo

from mmpconv.batch.preview import on_terminal

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
    program = PROGRAM.format(here=os.path.dirname(__file__), arguments=arguments)
    return shown_by([sys.executable, '-W', 'ignore', '-c', program], columns=100)


def shown_by(command, columns):
    """What a program shows on a terminal of so many columns."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(command, stdout=follower, stderr=follower, env={
        **os.environ, 'TERM': 'xterm', 'COLORTERM': 'truecolor', 'COLUMNS': str(columns), 'LINES': '30'})
    os.close(follower)
    shown = b''
    try:
        while part := os.read(leader, 4096):
            shown += part
    except OSError:  # so Linux says that the other end is closed
        pass
    os.close(leader)
    assert process.wait(PATIENCE) == 0, shown.decode()
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


def test_a_preview_shows_before_and_after(folder):
    write_photo(folder / 'a.png'), write_mask(folder / 'mask.png')
    shown = on_a_terminal('inpaint', 'a.png', 'mask.png', '-o', 'b.png', '--preview')
    lines = [line for line in shown.splitlines() if '▀' in line]
    assert 4 < len(lines) < 30 and len({line.count('▀') for line in lines}) == 1
    assert lines[0].count('▀') <= 100 and '38;2;' in lines[0]


def test_a_picture_is_drawn_in_half_cells():
    picture = Image.fromarray(np.uint8([[[255, 0, 0]] * 4, [[0, 255, 0]] * 4] * 2))
    console = Console(file=io.StringIO(), force_terminal=True, color_system='truecolor', width=80, legacy_windows=False)
    console.print(on_terminal(picture, 4, 2))
    lines = console.file.getvalue().splitlines()
    assert [line.count('▀') for line in lines[:2]] == [4, 4]
    assert all('38;2;255;0;0' in line and '48;2;0;255;0' in line for line in lines[:2])


def test_the_doctor_fits_into_80_columns():
    program = """
import sys
from mmpconv.cli.doctor import _print
from mmpconv.installation.rules import Finding
_print({'torch': '2.11.0', 'mmengine': '0.10.7', **{f'package-{n}': '1.0' for n in range(9)}}, [
    Finding('problem', 'torchvision', 'a fault that takes many words ' * 5, 'a remedy that takes many words ' * 4),
    Finding('ok', 'torch', 'imports')])
"""
    shown = shown_by([sys.executable, '-c', program], columns=80)
    plain = re.sub(r'\x1b\[[0-9;]*m', '', shown).splitlines()
    assert max(map(len, plain)) <= 80 and len(plain) > 7
    start = plain.index(next(line for line in plain if line.startswith('problem')))
    assert plain[start].startswith('problem  torchvision: a fault') and plain[start + 1].startswith(' ' * 9)
    assert any(line.startswith(' ' * 9 + '-> a remedy') for line in plain) and '\x1b[1;31mproblem' in shown
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 4 and '\x1b' not in done.stdout
    assert lines[1].startswith('problem  torchvision: a fault') and ' -> a remedy' in lines[1]
