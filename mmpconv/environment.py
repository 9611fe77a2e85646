"""Circumstances of a result: machine, versions, and settings that may differ."""
import contextlib
import json
import os
import platform
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from .version import __version__


def plain(settings: dict) -> dict:
    """Settings as they read after a round trip through a JSON file."""
    return json.loads(json.dumps(settings, default=_name_of))


def difference(before: dict, now: dict) -> str:
    """The first few entries that are not the same, as part of a sentence.

    Args:
        before, now: See :func:`plain`. An entry ``config`` is left out of the names of those in it.
    """
    before, now = dict(_flat(before)), dict(_flat(now))
    # As JSON, in which None is null: an entry that is None differs from one that is absent.
    before, now = ({key: json.dumps(value) for key, value in entries.items()} for entries in (before, now))
    changed = [f'{key.removeprefix("config.")} was {before.get(key, "absent")}, is {now.get(key, "absent")}'
               for key in {**before, **now} if before.get(key) != now.get(key)]
    return '; '.join(changed[:3] + ([f'and {len(changed) - 3} more'] if len(changed) > 3 else []))


def _name_of(value) -> str:
    """Classes and functions, which newer configs hold, by name: their usual text has an address in it."""
    named = value if hasattr(value, '__qualname__') else type(value)
    return f'{named.__module__}.{named.__qualname__}'


def _flat(node, prefix: str = '') -> Iterator[tuple]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
    if children is None or not node:
        yield prefix, node
    else:
        for key, child in children:
            yield from _flat(child, f'{prefix}.{key}' if prefix else str(key))


def usable_cores() -> int:
    """Number of cores that this process may use, which on a cluster are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def machine() -> str:
    """Processor, number of cores that this process may use, and GPUs."""
    import torch  # takes a second, and who asks for versions only can do without it

    parts = [_cpu(), f'{usable_cores()} cores']
    if torch.cuda.is_available():
        parts.append(f'{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}')
    return ', '.join(parts)


def versions(*libraries: str | None) -> str:
    """Versions of Python, torch, what all MM* libraries have below them, and further packages.

    Args:
        *libraries: Their names, such as a config's default scope; left out if no such package is installed.
    """
    packages = dict.fromkeys(name for name in ('torch', 'mmengine', 'mmcv', 'mmcv-lite', *libraries)
                             if name and name != 'mmpconv')
    listed = dict(Python=platform.python_version(), mmpconv=__version__, **installed(packages))
    return ', '.join(f'{name} {version}' for name, version in listed.items())


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Versions of those packages that are installed, by the names that pip knows."""
    found = {}
    for package in packages:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def _cpu() -> str:
    cpuinfo = Path('/proc/cpuinfo')
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor() or platform.machine()
