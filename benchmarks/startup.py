"""Times how long `mmpconv inpaint` takes to its first result, beside the import of torch that is in it.

    python benchmarks/startup.py --repeats 11
"""
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from harness import finish, parse, start
from PIL import Image
from timing import time_alternately

TORCH, INPAINT, HELP = 'import torch', 'mmpconv inpaint', 'mmpconv inpaint --help'


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write."""
    args = parse(__doc__, argv, size=256, repeats=11)
    result = start('startup', args)
    with tempfile.TemporaryDirectory() as folder:
        photo = np.random.default_rng(0).integers(0, 256, (args.size, args.size, 3), np.uint8)
        hole = np.zeros((args.size, args.size), np.uint8)
        hole[args.size // 3:args.size // 2, args.size // 4:args.size // 2] = 255
        for name, picture in (('photo.png', photo), ('mask.png', hole)):
            Image.fromarray(picture).save(Path(folder) / name)
        programs = {TORCH: ['-c', 'import torch'], HELP: ['-m', 'mmpconv', 'inpaint', '--help'],
                    INPAINT: ['-m', 'mmpconv', 'inpaint', 'photo.png', 'mask.png', '-o', 'filled.png', '--quiet']}
        seconds = time_alternately(
            {name: partial(subprocess.run, [sys.executable, *program], cwd=folder, check=True, capture_output=True)
             for name, program in programs.items()}, args.repeats, args.device)
    case = f'a photo of {args.size} px, in a new process'
    result.update(reference=TORCH, measurements=[
        dict(case=case, candidate=name, seconds=value) for name, value in seconds.items()])
    result['targets'] = [dict(what='seconds to the first result', at_most=2.0, measured=seconds[INPAINT]['median'])]
    finish(result, args)


if __name__ == '__main__':
    main()
