"""Where a run ran, and with what."""
import os
import platform
from importlib import metadata
from pathlib import Path

import torch

from mmpconv.version import __version__


def usable_cores() -> int:
    """Number of cores that this process may use, which on a cluster are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def machine() -> str:
    """Processor, number of cores that this process may use, and GPUs."""
    parts = [_cpu(), f'{usable_cores()} cores']
    if torch.cuda.is_available():
        parts.append(f'{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}')
    return ', '.join(parts)


def versions(*libraries: str | None) -> str:
    """Versions of Python, torch, what all MM* libraries have below them, and further packages.

    Args:
        *libraries: Their names, such as a config's default scope; left out if no such package is installed.
    """
    packages = dict.fromkeys(['torch', 'mmengine', 'mmcv', 'mmcv-lite', *libraries])
    installed = {name: _version(name) for name in packages if name and name != 'mmpconv'}
    installed = {name: version for name, version in installed.items() if version}
    listed = dict(Python=platform.python_version(), mmpconv=__version__, **installed)
    return ', '.join(f'{name} {version}' for name, version in listed.items())


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _cpu() -> str:
    cpuinfo = Path('/proc/cpuinfo')
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor() or platform.machine()
