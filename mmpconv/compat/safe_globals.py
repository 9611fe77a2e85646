"""Lets ``torch.load(weights_only=True)`` read what MMEngine's runner saves.

The defect: torch >= 2.6 unpickles checkpoints with ``weights_only=True``, and
MMEngine 0.10 stores its log history (``HistoryBuffer`` over numpy arrays) in
them, so that the runner refuses its own checkpoints.

What is done: exactly the classes of that history are declared safe. None of
them runs code of the checkpoint's choosing. Arbitrary unpickling stays refused.

Delete when: the minimum MMEngine declares them itself (0.11).
"""
import torch


def install() -> None:
    """Declare the classes of MMEngine's log history as safe. Idempotent."""
    add_safe_globals = getattr(torch.serialization, 'add_safe_globals', None)
    if add_safe_globals is None:  # torch < 2.4
        return
    try:
        from mmengine.logging.history_buffer import HistoryBuffer
    except ImportError:
        return
    import numpy as np

    reconstruct, scalar = np.ones(1).__reduce__()[0], np.float64(1).__reduce__()[0]
    dtypes = {type(np.dtype(code)) for code in 'bfdilqBILQ?'}
    add_safe_globals([HistoryBuffer, np.ndarray, np.dtype, *dtypes, reconstruct, scalar])
    # numpy 1 and 2 write different module names for the same functions.
    for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
        add_safe_globals([(reconstruct, f'{module}._reconstruct'), (scalar, f'{module}.scalar')])
