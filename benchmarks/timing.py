"""The timing loop that all benchmarks share."""
import math
import statistics
import time
from collections.abc import Callable, Mapping

import torch


def time_alternately(candidates: Mapping[str, Callable[[], object]], repeats: int,
                     device: torch.device) -> dict[str, dict]:
    """Time functions in turns, so that a machine that slows down or speeds up does so for all of them.

    Every function runs once before the first round. Each round starts with another one and goes by other steps, so that
    none always comes after the same: whoever follows one that gave much memory back has to ask the system for it anew,
    which takes up to twice the time of a small layer.

    Args:
        candidates: Functions without arguments, by name.
        repeats: Rounds, at least 1.
        device: Where they compute; a GPU is synchronised before and after each call.

    Returns:
        dict[str, dict]: By name, what :func:`summary` says of the seconds per call.

    Raises:
        ValueError: No round.
    """
    if repeats < 1:
        raise ValueError(f'repeats is {repeats} but at least one round is needed')
    names, seconds = list(candidates), {name: [] for name in candidates}
    for function in candidates.values():
        _seconds(function, device)
    count = len(names)
    steps = [step for step in range(1, count + 1) if math.gcd(step, count) == 1]
    for i in range(repeats):
        for turn in range(count):
            name = names[(i + turn * steps[i % len(steps)]) % count]
            seconds[name].append(_seconds(candidates[name], device))
    return {name: summary(values) for name, values in seconds.items()}


def summary(seconds: list[float]) -> dict:
    """Median, quartiles and extremes of some measurements, in seconds, and how many they are."""
    quartiles = statistics.quantiles(seconds, n=4, method='inclusive') if len(seconds) > 1 else seconds * 3
    return dict(median=statistics.median(seconds), quartile1=quartiles[0], quartile3=quartiles[2],
                min=min(seconds), max=max(seconds), repeats=len(seconds))


def _seconds(function: Callable[[], object], device: torch.device) -> float:
    _synchronise(device)
    start = time.perf_counter()
    function()
    _synchronise(device)
    return time.perf_counter() - start


def _synchronise(device: torch.device) -> None:
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
