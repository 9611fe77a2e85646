"""The classes that a benchmark has equally many samples of: hole-ratio bin and border."""
from collections.abc import Sequence
from dataclasses import dataclass

from mmpconv.errors import LaunchError

# Section 4.1 of arXiv 1804.07723.
PAPER_BINS = (0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
BORDERS = {'both': (False, True), 'off': (False,), 'on': (True,)}


@dataclass(frozen=True)
class MaskClass:
    """Masks of one bin that touch the border, or do not.

    Convention: a ratio on the edge of two bins belongs to the lower one: ``low < ratio <= high``.
    """

    low: float
    high: float
    border: bool

    @property
    def bin(self) -> str:
        """Name of the bin, such as ``0.1-0.2``."""
        return f'{self.low:g}-{self.high:g}'

    def __str__(self) -> str:
        return f'hole ratio {self.bin}, holes {"touching" if self.border else "off"} the border'

    def __contains__(self, ratio_and_border: tuple[float, bool]) -> bool:
        ratio, border = ratio_and_border
        return self.low < ratio <= self.high and self.border == border

    def closed_range(self, pixels: int) -> tuple[float, float]:
        """The same bin with both ends included, for masks of that many pixels."""
        fewest = int(self.low * pixels)
        fewest += fewest / pixels <= self.low
        return fewest / pixels, self.high


def mask_classes(edges: Sequence[float], border: str) -> list[MaskClass]:
    """All classes, in the order of NVIDIA's test masks: by bin, then off and touching the border.

    Args:
        edges: Of the bins, ascending, in [0, 1].
        border: ``both``, ``off`` or ``on``.

    Raises:
        LaunchError: The edges are not such.
    """
    ascending = all(low < high for low, high in zip(edges, edges[1:]))
    if len(edges) < 2 or not ascending or edges[0] < 0 or edges[-1] > 1:
        raise LaunchError(f'--bins is {" ".join(f"{edge:g}" for edge in edges)} but must be two or more ascending '
                          'edges between 0 and 1, such as 0.01 0.1 0.2')
    return [MaskClass(low, high, on) for low, high in zip(edges, edges[1:]) for on in BORDERS[border]]
