"""The scores of a sample, as a row of a :class:`~.score_file.ScoreFile`."""
from typing import Any

from mmpconv.evaluation.image_metrics import image_metrics

from .filling import Filled


def score(filled: Filled) -> dict[str, Any]:
    """All but what needs a network."""
    sample = filled.sample
    return dict(id=sample.id, hole_ratio=sample.hole_ratio, bin=sample.bin, border=int(sample.border),
                **image_metrics(filled.picture, filled.truth, filled.mask), seconds=filled.seconds,
                changed_outside=filled.changed_outside)


def score_and_keep(filled: Filled) -> tuple[dict[str, Any], Filled]:
    """The same, for those who need the picture, too."""
    return score(filled), filled
