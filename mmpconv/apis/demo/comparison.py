"""Fillings beside each other: as a picture, and as a table."""
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mmpconv.evaluation.image_metrics import image_metrics
from mmpconv.whole_files import whole_file

from .damage import Damaged

Fillings = Mapping[str, Sequence[np.ndarray]]  # those of a method, one for each damaged photo, RGB


def draw(damaged: Sequence[Damaged], fillings: Fillings, path: Path) -> None:
    """Draw a row a photo: with its hole, filled by each method, truth.

    Args:
        damaged: The photos.
        fillings: The columns between, by what is written over them.
        path: The picture to write; its folder exists.
    """
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    columns = {'photo with hole': [one.photo for one in damaged], **fillings, 'truth': [one.truth for one in damaged]}
    heights = [one.truth.shape[0] / one.truth.shape[1] for one in damaged]
    figure, axes = plt.subplots(len(damaged), len(columns), squeeze=False, layout='constrained',
                                figsize=(4.2 * len(columns), 4.2 * sum(heights) + 0.6), height_ratios=heights)
    for column, (title, images) in zip(axes.T, columns.items()):
        column[0].set_title(title)
        for axis, image in zip(column, images, strict=True):
            axis.imshow(image, interpolation='antialiased')
            axis.set_axis_off()
    with whole_file(path) as unfinished:
        figure.savefig(unfinished, dpi=100)
    plt.close(figure)


def table(damaged: Sequence[Damaged], fillings: Fillings) -> str:
    """PSNR over the hole in dB: a line a photo, a column a method; and the means of it and of SSIM."""
    scores = {name: [_scores(one, image) for one, image in zip(damaged, images, strict=True)]
              for name, images in fillings.items()}
    width = max(map(len, scores)) + 2
    rows = [('', *scores)]
    rows += [(one.kind, *(f'{score[row][0]:.2f}' for score in scores.values())) for row, one in enumerate(damaged)]
    for place, (name, digits) in enumerate((('mean', 2), ('mean SSIM', 4))):
        means = (np.mean([score[place] for score in scored]) for scored in scores.values())
        rows.append((name, *(f'{mean:.{digits}f}' for mean in means)))
    return '\n'.join(f'{first:<10}' + ''.join(f'{cell:>{width}}' for cell in cells) for first, *cells in rows)


def _scores(one: Damaged, image: np.ndarray) -> tuple[float, float]:
    """PSNR over the hole, in dB, and SSIM over the photo."""
    metrics = image_metrics(image, one.truth, one.hole[..., None].astype(np.uint8))
    # All the error is in the hole, so its mean over the hole is greater by the inverse of the hole ratio.
    return metrics['psnr'] + 10 * math.log10(one.hole.mean()), metrics['ssim']
