"""Scores of single images: their means by group, and both as text."""
import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .hole_bins import GROUPS, bin_of, groups_of


@dataclass(frozen=True)
class ImageScore:
    """How well one image was completed.

    Attributes:
        name: Path of the photo.
        sample_idx: Place of the sample in its data set.
        hole_ratio: Hole pixels / all pixels.
        border: Whether the hole touches the border.
        values: Metrics by name.
    """
    name: str
    sample_idx: int
    hole_ratio: float
    border: bool
    values: Mapping[str, float]

    @property
    def hole_bin(self) -> str | None:
        """The bin of the hole ratio, None outside all bins."""
        return bin_of(self.hole_ratio)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that this image counts in."""
        return groups_of(self.hole_bin, self.border)


def mean_scores(scores: Sequence[ImageScore]) -> dict[str, dict[str, float]]:
    """Means of all metrics, and ``count``, the number of images, by group; groups without an image are left out.

    The sums are exact before they are rounded (``math.fsum``), so that no order of the images is better than another.

    Args:
        scores: One an image, each with the same metrics.
    """
    members = {group: [score.values for score in scores if group in score.groups] for group in GROUPS}
    return {group: {**{name: math.fsum(value[name] for value in values) / len(values) for name in values[0]},
                    'count': len(values)}
            for group, values in members.items() if values}


def flat(means: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Metrics by the keys that loggers and ``save_best`` see: ``psnr``, ``0.1-0.2/psnr``, ``0.1-0.2/border/psnr``."""
    return {f'{group}/{name}' if group else name: value
            for group, values in means.items() for name, value in values.items()}


def as_csv(scores: Sequence[ImageScore]) -> str:
    """A line an image, below a line of names; numbers with all their digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(['name', 'sample_idx', 'hole_ratio', 'bin', 'border', *(scores[0].values if scores else ())])
    for score in scores:
        writer.writerow([score.name, score.sample_idx, repr(float(score.hole_ratio)), score.hole_bin, score.border,
                         *(repr(float(value)) for value in score.values.values())])
    return text.getvalue()


def as_table(means: Mapping[str, Mapping[str, float]]) -> str:
    """A line a group, for people."""
    names = list(means[''])
    lines = [f'{"holes":<18}' + ''.join(f'{name:>10}' for name in names)]
    for group, values in means.items():
        cells = (values.get(name) for name in names)
        lines.append(f'{group or "all":<18}' + ''.join(
            f'{"-" if cell is None else cell if isinstance(cell, int) else f"{cell:.4f}":>10}' for cell in cells))
    return '\n'.join(lines)
