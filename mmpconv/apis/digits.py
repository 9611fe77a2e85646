"""Real handwritten digits, small enough to train on in seconds."""
import os
import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np

# scikit-learn holds the digits of 13 people one after the other. Cut once, the digits to score with are from people who
# wrote none of the digits to train on (but for the one at the cut); at random, everyone would be in both parts.
TRAINING_DIGITS = 1198


def write_digits(folder: Path) -> None:
    """Write the 1797 digits as 8 x 8 grey images ``{train,val}/{0..9}/NUMBER.png``.

    The first 1198 are to train on. The folder appears when it is complete.

    Args:
        folder: Where to.

    Raises:
        FileExistsError: There is something already.
        OSError: An image cannot be written.
    """
    from sklearn.datasets import load_digits

    if folder.exists():
        raise FileExistsError(f'{folder} exists already; remove it first, or name another folder')
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f'.{folder.name}-', dir=folder.parent))
    try:
        digits = load_digits()
        # Values are counts from 0 to 16: scaled to bytes.
        images = (digits.images * (255 / 16)).round().astype(np.uint8)
        for number, (image, label) in enumerate(zip(images, digits.target)):
            part = unfinished / ('train' if number < TRAINING_DIGITS else 'val') / str(label)
            part.mkdir(parents=True, exist_ok=True)
            if not cv2.imwrite(str(part / f'{number:04}.png'), image):
                raise OSError(f'cannot write {part / f"{number:04}.png"}; is the disk full?')
        unfinished.chmod(0o755)
        os.rename(unfinished, folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
