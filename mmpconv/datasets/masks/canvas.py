"""The image in which holes are drawn: its size, its frame, and how many hole pixels there are to be."""
import functools
from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, Signature, signature

import numpy as np

from .arguments import image_size, interior, interior_margin
from .hole_ratio import hole_area_range, with_hole_area


@dataclass(frozen=True)
class Canvas:
    """An image in which holes are drawn.

    Attributes:
        size: `(h, w)` in pixels.
        margin: Width in pixels of the frame that holes keep off.
        area: Fewest and most hole pixels, both included; None: as it comes.
    """
    size: tuple[int, int]
    margin: int = 0
    area: tuple[int, int] | None = None

    def cut(self, mask: np.ndarray) -> np.ndarray:
        """A mask `(h, w)` without what juts out into the frame."""
        return mask * interior(self.size, self.margin) if self.margin else mask

    def mask(self, rng: np.random.Generator, draw: Callable[[], np.ndarray]) -> np.ndarray:
        """A mask `(h, w, 1)` of what ``draw`` draws, `(h, w)` uint8, cut off at the frame and of the wanted area."""
        def cut():
            return self.cut(draw())

        return (cut() if self.area is None else with_hole_area(cut, rng, *self.area, self.margin))[..., None]


def on_canvas(area_ratio_range: tuple[float, float] | None = None) -> Callable[[Callable], Callable]:
    """Give a function the arguments that all drawers of holes have; see :mod:`mmpconv.datasets.masks`.

    It is written as ``f(rng, canvas, ...)`` and called as ``f(rng, img_shape, ..., area_ratio_range, border_free,
    border_margin)``, of which the :class:`Canvas` is made.

    Args:
        area_ratio_range: The default.
    """
    def named(name: str, *default) -> Parameter:
        return Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default[0] if default else Parameter.empty)

    def decorate(function: Callable) -> Callable:
        rng, _, *own = signature(function).parameters.values()
        called = Signature([rng, named('img_shape'), *own, named('area_ratio_range', area_ratio_range),
                            named('border_free', False), named('border_margin', None)])

        @functools.wraps(function)
        def draw(*args, **kwargs):
            try:
                given = called.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f'{function.__name__}() {error}') from None
            given.apply_defaults()
            rng, img_shape, *own, ratio, border_free, border_margin = given.args
            size = image_size(img_shape)
            margin = interior_margin(size, border_free, border_margin)
            area = None if ratio is None else hole_area_range(size, ratio, margin)
            return function(rng, Canvas(size, margin, area), *own)

        draw.__signature__ = called
        return draw

    return decorate
