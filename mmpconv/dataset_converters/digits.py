"""Real handwritten digits, small enough to train on in seconds."""
from pathlib import Path

import numpy as np

from mmpconv.photos.structure import encode_png
from mmpconv.whole_files import whole_folder

# scikit-learn holds the digits of 13 people one after the other. Cut once, the digits to score with are from people who
# wrote none of the digits to train on (but for the one at the cut); at random, everyone would be in both parts.
TRAINING_DIGITS = 1198


def write_digits(folder: Path) -> None:
    """Write the 1797 digits as 8 x 8 grey images ``{train,val}/{0..9}/NUMBER.png``.

    The first 1198 are to train on. The folder appears when it is complete.

    Args:
        folder: Is made.

    Raises:
        FileExistsError: There is something already.
        OSError: An image cannot be written.
    """
    from sklearn.datasets import load_digits

    if folder.exists():
        raise FileExistsError(f'{folder} exists already; remove it first, or name another folder')
    digits = load_digits()
    # Values are counts from 0 to 16: scaled to bytes.
    images = (digits.images * (255 / 16)).round().astype(np.uint8)
    with whole_folder(folder) as unfinished:
        for number, (image, label) in enumerate(zip(images, digits.target)):
            part = f'{"train" if number < TRAINING_DIGITS else "val"}/{label}'
            (unfinished / part).mkdir(parents=True, exist_ok=True)
            (unfinished / part / f'{number:04}.png').write_bytes(encode_png(image))
