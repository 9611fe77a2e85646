"""Peak memory of a function in a process of its own."""
import multiprocessing
import os
import resource
import sys
from collections.abc import Callable
from unittest import mock

import torch
import torch.nn.functional as F


def peak_bytes(function: Callable, *args, device: torch.device) -> int:
    """Most memory that ``function(*args)`` held at a time, in a fresh process.

    On a CPU this is the process's peak resident memory above what it held once everything was
    imported; on a GPU, the peak of what torch allocated.

    Args:
        function: Defined at the top level of a module, not returning tensors.
        args: Its arguments.
        device: Where it computes.

    Returns:
        int: Bytes.
    """
    # The server imports once and computes nothing; each measurement is a fork of it. (The peak of a
    # process that is started by fork and exec begins at that of its parent.)
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['mmpconv.registry', 'mmpconv.models.inpainting'])
    with mock.patch.dict(os.environ, PYTHONWARNINGS='ignore'), context.Pool(1) as pool:
        return pool.apply(_measure, (function, args, device, torch.get_num_threads()))


def _measure(function: Callable, args: tuple, device: torch.device, threads: int) -> int:
    torch.set_num_threads(threads)
    if device.type == 'cuda':
        function(*args)
        return torch.cuda.max_memory_allocated(device)
    # The code of the convolutions counts as resident once it is called: call it before.
    F.conv2d(torch.rand(1, 3, 32, 32), torch.rand(8, 3, 3, 3, requires_grad=True)).sum().backward()
    before = _peak_resident()
    function(*args)
    return _peak_resident() - before


def _peak_resident() -> int:
    unit = 1 if sys.platform == 'darwin' else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
