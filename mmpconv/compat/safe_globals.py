"""Lets ``torch.load(weights_only=True)`` read what MMEngine's runner saves.

The defect: torch unpickles checkpoints with ``weights_only=True``, and MMEngine 0.10 stores its log history
(``HistoryBuffer`` over numpy arrays, with its statistics methods) in them, so that the runner refuses its own
checkpoints.

What is done: exactly the parts of that history are declared safe, each by a stand-in that refuses what a history does
not need; none of them runs code, or takes memory, of the checkpoint's choosing. Arbitrary unpickling stays refused.

Delete when: the minimum MMEngine declares them itself (0.11), and what it declares is safe.
"""
import pickle

STATISTICS = ('min', 'max', 'mean', 'current')


def install() -> None:
    """Declare the parts of MMEngine's log history as safe. Idempotent; imports torch, numpy and MMEngine's log."""
    import torch

    try:
        from mmengine.logging.history_buffer import HistoryBuffer
    except ImportError:
        return
    from .safe_numpy import NumberArray, NumberKind, empty_array, number

    safe = [HistoryBuffer, (NumberArray, 'numpy.ndarray'), (NumberKind, 'numpy.dtype')]
    # numpy 1 and 2 write different module names for the same functions.
    for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
        safe += [(empty_array, f'{module}._reconstruct'), (number, f'{module}.scalar')]
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

    if owner is not HistoryBuffer or name not in STATISTICS:
        raise pickle.UnpicklingError(f'it asks for getattr({owner!r:.80}, {name!r:.80})')
    return getattr(owner, name)
