"""Lets ``torch.load(weights_only=True)`` read what MMEngine's runner saves.

The defect: torch >= 2.6 unpickles checkpoints with ``weights_only=True``, and
MMEngine 0.10 stores its log history (``HistoryBuffer`` over numpy arrays, with its
statistics methods) in them, so that the runner refuses its own checkpoints.

What is done: exactly the classes of that history are declared safe. None of
them runs code of the checkpoint's choosing. Arbitrary unpickling stays refused.

Delete when: the minimum MMEngine declares them itself (0.11).
"""
import pickle


def install() -> None:
    """Declare the classes of MMEngine's log history as safe. Idempotent; imports torch and MMEngine's log."""
    import torch

    try:
        from mmengine.logging.history_buffer import HistoryBuffer
    except ImportError:
        return
    import numpy as np

    reconstruct, scalar = np.ones(1).__reduce__()[0], np.float64(1).__reduce__()[0]
    dtypes = {type(np.dtype(code)) for code in 'bfdilqBILQ?'}
    safe = [HistoryBuffer, np.ndarray, np.dtype, *dtypes]
    # numpy 1 and 2 write different module names for the same functions.
    for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
        safe += [(reconstruct, f'{module}._reconstruct'), (scalar, f'{module}.scalar')]
    for module in ('builtins', '__builtin__'):
        safe.append((statistics_method, f'{module}.getattr'))
    torch.serialization.add_safe_globals(safe)


def statistics_method(owner: type, name: str):
    """Stands in for ``getattr``, by which a pickle asks for a ``HistoryBuffer``'s methods.

    The real one would lead from any class to modules and from there to everything.

    Args:
        owner: ``HistoryBuffer``.
        name: One of its four statistics.

    Raises:
        pickle.UnpicklingError: It is asked for anything else.
    """
    from mmengine.logging.history_buffer import HistoryBuffer

    if owner is not HistoryBuffer or name not in ('min', 'max', 'mean', 'current'):
        raise pickle.UnpicklingError(f'it asks for getattr({owner!r}, {name!r})')
    return getattr(owner, name)
