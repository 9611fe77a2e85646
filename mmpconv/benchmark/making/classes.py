"""The classes that a benchmark has equally many samples of: hole-ratio bin and border. Imports nothing large."""
from collections.abc import Sequence
from dataclasses import dataclass

from mmpconv.errors import LaunchError
from mmpconv.evaluation.hole_bins import hole_bins, in_bin

# Generators of masks; mmpconv.benchmark.making.masks draws by them.
GENERATORS = ('occlusion', 'irregular', 'strokes', 'lama-thin', 'lama-medium', 'lama-thick', 'boxes')
# What --border asks for, and the kinds of holes that each bin then has. N and B are of table 1 of arXiv 1804.07723.
BORDERS = {'both': ('off', 'on'), 'off': ('off',), 'on': ('on',), 'paper': ('N', 'B')}
_IN_WORDS = {'off': 'holes off the border', 'on': 'holes touching the border', 'N': 'holes anywhere',
             'B': 'holes not near the border'}


@dataclass(frozen=True)
class MaskClass:
    """Masks of one hole-ratio bin, which holds its upper edge, and of one kind.

    Attributes:
        low, high: Of the bin.
        kind: ``on``: they touch the border (:func:`~mmpconv.evaluation.touches_border`). ``off``: they do not.
            ``N``: unrestricted. ``B``: not near the border (:func:`~mmpconv.datasets.masks.near_border`).
    """

    low: float
    high: float
    kind: str

    @property
    def bin(self) -> str:
        """Name of the bin, such as ``0.1-0.2``."""
        name, = hole_bins((self.low, self.high))
        return name

    def __str__(self) -> str:
        return f'hole ratio {self.bin}, {_IN_WORDS[self.kind]}'

    def holds(self, ratio: float, touches_border: bool, near_border: bool) -> bool:
        """A mask of this hole ratio and place is of this class."""
        fits = {'off': not touches_border, 'on': touches_border, 'N': True, 'B': not near_border}
        return in_bin(ratio, self.low, self.high) and fits[self.kind]

    @property
    def keeps_off(self) -> bool:
        """Masks of it are drawn with the frame free that the paper's masks off the border keep free."""
        return self.kind in ('off', 'B')

    @property
    def split(self) -> str:
        """``N`` or ``B`` of the paper; empty otherwise."""
        return self.kind if self.kind in BORDERS['paper'] else ''

    def closed_range(self, pixels: int) -> tuple[float, float]:
        """The same bin with both ends included, for masks of that many pixels."""
        fewest = int(self.low * pixels)
        fewest += fewest / pixels <= self.low
        return fewest / pixels, self.high


def mask_classes(edges: Sequence[float], border: str) -> list[MaskClass]:
    """All classes, by bin, then by kind. With ``both`` they are in the order of NVIDIA's test masks.

    Args:
        edges: Of the bins, ascending, in [0, 1].
        border: One of :data:`BORDERS`.

    Raises:
        LaunchError: The edges are not such.
    """
    ascending = all(low < high for low, high in zip(edges, edges[1:]))
    if len(edges) < 2 or not ascending or edges[0] < 0 or edges[-1] > 1:
        raise LaunchError(f'--bins is {" ".join(f"{edge:g}" for edge in edges)} but must be two or more ascending '
                          'edges between 0 and 1, such as 0.01 0.1 0.2')
    return [MaskClass(low, high, kind) for low, high in hole_bins(edges).values() for kind in BORDERS[border]]
