"""The states of all random numbers of a process."""
import random
from collections.abc import Mapping

import numpy as np
import torch


def get_random_states() -> dict:
    """States of the random numbers of Python, numpy, torch and, where there is one, the GPU in use.

    Returns:
        dict: Of plain values and tensors, as checkpoints may hold.
    """
    version, words, gauss = random.getstate()
    _, numpy_words, position, has_gauss, numpy_gauss = np.random.get_state()
    states = dict(
        python=(version, torch.tensor(words, dtype=torch.int64), gauss),
        numpy=(torch.from_numpy(numpy_words.astype(np.int64)), position, has_gauss, numpy_gauss),
        torch=torch.get_rng_state())
    if torch.cuda.is_available():
        states['cuda'] = torch.cuda.get_rng_state()
    return states


def set_random_states(states: Mapping) -> None:
    """Set what :func:`get_random_states` returned; its tensors may lie on any device.

    A state of a GPU is left out where there is none, and a GPU keeps its state where there was none.
    """
    version, words, gauss = states['python']
    random.setstate((version, tuple(words.tolist()), gauss))
    words, *rest = states['numpy']
    np.random.set_state(('MT19937', words.cpu().numpy().astype(np.uint32), *rest))
    torch.set_rng_state(states['torch'].cpu())
    if 'cuda' in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states['cuda'].cpu())
