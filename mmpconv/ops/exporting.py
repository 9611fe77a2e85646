"""Whether a computation is only written down, to run later: for images of any size, or other pixels."""
import torch


def is_exporting() -> bool:
    """Whether :func:`torch.export.export` is tracing. What is written down then must not depend on sizes.

    (Before torch 2.7 there is no saying, and an exported program is good for its own sizes only.)
    """
    ask = getattr(torch.compiler, 'is_exporting', None)
    return ask is not None and ask()


def is_tracing() -> bool:
    """Whether a compiler, an export or :func:`torch.jit.trace` is looking on, which had better see plain operations."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()
