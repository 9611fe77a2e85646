"""Questions of what records the operations: a compiler, an export, a trace."""
import torch


def is_exporting() -> bool:
    """True while :func:`torch.export.export` is tracing: what is written down must not depend on sizes.

    (Before torch 2.7 there is no saying, and an exported program is good for its own sizes only.)
    """
    ask = getattr(torch.compiler, 'is_exporting', None)
    return ask is not None and ask()


def is_tracing() -> bool:
    """True while a compiler, an export or :func:`torch.jit.trace` records: it had better see plain operations."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()
