"""Whether a computation is only written down, for images of any size."""
import torch


def is_exporting() -> bool:
    """Whether :func:`torch.export.export` is tracing. What is written down then must not depend on sizes.

    (Before torch 2.7 there is no saying, and an exported program is good for its own sizes only.)
    """
    ask = getattr(torch.compiler, 'is_exporting', None)
    return ask is not None and ask()
