"""What is installed here, and what of it works."""
import os
import platform
import shutil
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from .probes import OPENCVS, PROBES, probe

__all__ = ['OPENCVS', 'PACKAGES', 'Facts', 'gather', 'may_write', 'missing_of_extras']

PACKAGE = 'mmpconv'
# Shown, and what rules are about.
PACKAGES = (
    'mmpconv', 'torch', 'torchvision', 'mmengine', 'mmcv', 'mmcv-lite', 'mmagic', 'mmsegmentation', 'mmpretrain',
    'numpy', 'pillow', *OPENCVS, 'diffusers', 'transformers', 'setuptools', 'onnx', 'onnx-ir', 'ml_dtypes',
    'onnxruntime', 'starlette')


@dataclass
class Facts:
    """An installation.

    Attributes:
        python: Version of the interpreter.
        versions: Of packages, by the name that pip knows; those that are not installed are not in it.
        broken: Why what is installed does not work, by the name of the probe. What works is not in it.
        working: What probes found out, by their names.
        missing: Packages that an extra of this package lacks, by extra; empty where it is complete.
        nvidia: Whether there is a driver of NVIDIA.
        writable: Whether one may write, by folder.
    """

    python: tuple[int, int] = sys.version_info[:2]
    versions: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    working: dict[str, dict] = field(default_factory=dict)
    missing: dict[str, list[str]] = field(default_factory=dict)
    nvidia: bool = False
    writable: dict[str, bool] = field(default_factory=dict)

    def as_dict(self) -> dict:
        """For JSON."""
        return {**asdict(self), 'python': platform.python_version(), 'executable': sys.executable,
                'platform': platform.platform()}


def gather() -> Facts:
    """Look at this installation. Takes as long as the imports of what is installed."""
    facts = Facts(versions=installed(PACKAGES), missing=missing_of_extras(metadata_requirements()),
                  nvidia=shutil.which('nvidia-smi') is not None or Path('/proc/driver/nvidia').exists())
    wanted = [name for name, needed in PROBES.items() if any(package in facts.versions for package in needed)]
    with ThreadPoolExecutor(min(len(wanted), os.cpu_count() or 1) or 1) as processes:
        for name, (found, error) in zip(wanted, processes.map(probe, wanted)):
            if error is None:
                facts.working[name] = found
            else:
                facts.broken[name] = error
    weights = facts.working.get('weights', {}).get('file')
    for folder in (os.getcwd(), *([os.path.dirname(weights)] if weights else [])):
        facts.writable[folder] = may_write(Path(folder))
    return facts


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Versions of those packages that are installed."""
    versions = {}
    for package in packages:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def metadata_requirements() -> list[str]:
    """What this package says it needs, extras included; nothing if it runs from a folder that is not installed."""
    try:
        return metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return []


def missing_of_extras(requirements: Iterable[str]) -> dict[str, list[str]]:
    """What each extra lacks.

    Args:
        requirements: As in the metadata of a package: ``'onnx; extra == "export"'``.

    Returns:
        dict[str, list[str]]: Requirements that no installed package meets, by extra.
    """
    from packaging.requirements import Requirement

    missing = {}
    for requirement in map(Requirement, requirements):
        extra = _extra_of(requirement)
        if extra is None:
            continue
        unmet = missing.setdefault(extra, [])
        version = installed([requirement.name]).get(requirement.name)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            unmet.append(f'{requirement.name}{requirement.specifier}')
    return missing


def _extra_of(requirement) -> str | None:
    names = [part.strip(' \'"()') for part in str(requirement.marker or '').split('extra ==')[1:]]
    return names[0].split()[0].strip('\'"') if names else None


def may_write(folder: Path) -> bool:
    """Whether files can be made in a folder, or the folder itself if it is not there yet."""
    while not folder.exists():
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
