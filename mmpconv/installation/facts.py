"""What is installed here, and what of it works, tried in processes of their own: it may fail, crash or hang."""
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from mmpconv.environment import installed, usable_cores

OPENCVS = ('opencv-python', 'opencv-python-headless', 'opencv-contrib-python', 'opencv-contrib-python-headless')
# Shown, and what rules are about.
PACKAGES = (
    'mmpconv', 'torch', 'torchvision', 'mmengine', 'mmcv', 'mmcv-lite', 'mmagic', 'mmsegmentation', 'mmpretrain',
    'numpy', 'pillow', *OPENCVS, 'diffusers', 'transformers', 'setuptools', 'onnx', 'onnx-ir', 'ml_dtypes',
    'onnxruntime', 'starlette')
# What is tried: packages, one of which has to be installed for it to make sense; and a program, whose dict `found` is
# what it finds out.
PROBES = {
    'torch': (('torch', ), 'import torch; torch.ones(2).sum().item()'),
    'gpu': (('torch', ), '''
import torch
found['cuda'] = torch.version.cuda
found['gpus'] = []
for index in range(torch.cuda.device_count()):
    properties = torch.cuda.get_device_properties(index)
    ones = torch.ones(1, 1, 8, 8, device=f'cuda:{index}')
    sum = torch.nn.functional.conv2d(ones, ones[..., :3, :3]).sum().item()
    assert sum == 6 * 6 * 9, f'a convolution gives {sum} instead of 324'
    found['gpus'].append(dict(name=properties.name, memory_gib=round(properties.total_memory / 2**30, 1)))
'''),
    'torchvision': (('torchvision', ), 'import torchvision; torchvision.ops.nms'),
    'mmengine': (('mmengine', ), 'import mmengine.runner'),
    'mmcv operations': (('mmcv', 'mmcv-lite'), '''
import importlib.util
found['compiled'] = importlib.util.find_spec('mmcv._ext') is not None
if found['compiled']:
    import torch
    from mmcv.ops import nms
    boxes, scores = torch.tensor([[0., 0, 2, 2], [0, 0, 2, 2]]), torch.tensor([1., .5])
    assert len(nms(boxes, scores, 0.5)[0]) == 1, 'nms of mmcv gives a wrong result'
'''),
    'mmagic': (('mmagic', ), 'import mmpconv.registry; import mmagic.models, mmagic.datasets'),
    'mmseg': (('mmsegmentation', ), 'import mmpconv; import mmseg.models'),
    'mmpretrain': (('mmpretrain', ), 'import mmpconv; import mmpretrain.models'),
    'opencv': (OPENCVS, '''
import cv2, numpy
cv2.resize(numpy.zeros((2, 2), numpy.uint8), (4, 4))
found['version'] = cv2.__version__
'''),
    'onnx': (('onnx', ), 'import onnx.helper'),
    'onnxruntime': (('onnxruntime', ), 'import onnxruntime; onnxruntime.get_available_providers()'),
    'starlette': (('starlette', 'uvicorn', 'python-multipart'),
                  'import starlette.applications, uvicorn, python_multipart'),
    'weights': (('mmengine', ), '''
from mmpconv.apis import inpainting_models
from mmpconv.checkpoints.loading import file_of
model = inpainting_models()[0]
file = file_of(model.weights)
found.update(model=model.name, url=model.weights, file=str(file), there=file.is_file())
'''),
}
_MARK = 'found: '
_SECONDS = 180


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
    facts = Facts(versions=installed(PACKAGES),
                  nvidia=shutil.which('nvidia-smi') is not None or Path('/proc/driver/nvidia').exists())
    try:
        package = metadata.distribution('mmpconv')
        facts.missing = missing_of_extras(package.requires or [], package.metadata.get_all('Provides-Extra') or [])
    except metadata.PackageNotFoundError:  # it runs from a folder
        pass
    wanted = [name for name, (needed, _) in PROBES.items() if any(package in facts.versions for package in needed)]
    with ThreadPoolExecutor(usable_cores()) as threads:
        for name, (found, error) in zip(wanted, threads.map(lambda name: run(PROBES[name][1]), wanted)):
            if error is None:
                facts.working[name] = found
            else:
                facts.broken[name] = error
    weights = facts.working.get('weights', {}).get('file')
    for folder in (os.getcwd(), *([os.path.dirname(weights)] if weights else [])):
        facts.writable[folder] = may_write(Path(folder))
    return facts


def run(program: str) -> tuple[dict, str | None]:
    """Run a program of :data:`PROBES` in a process of its own.

    Returns:
        tuple[dict, str | None]: What it found out; and one line about why it failed, None if it did not.
    """
    program = f'import json\nfound = {{}}\n{program}\nprint("\\n{_MARK}" + json.dumps(found))'
    # Importing some packages asks a server whether there is a newer one.
    quiet = {**os.environ, 'NO_ALBUMENTATIONS_UPDATE': '1'}
    try:
        result = subprocess.run([sys.executable, '-W', 'ignore', '-c', program], capture_output=True, text=True,
                                errors='replace', timeout=_SECONDS, env=quiet)
    except subprocess.TimeoutExpired:
        return {}, f'gives no answer in {_SECONDS} s'
    if result.returncode < 0:
        return {}, f'ends its process by signal {-result.returncode}'
    if result.returncode:
        lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
        return {}, lines[-1] if lines else f'ends its process with status {result.returncode}'
    answers = [line for line in result.stdout.splitlines() if line.startswith(_MARK)]
    return json.loads(answers[-1].removeprefix(_MARK)), None


def missing_of_extras(requirements: Iterable[str], extras: Sequence[str]) -> dict[str, list[str]]:
    """What each extra lacks.

    Args:
        requirements: As in the metadata of a package: ``'onnx; extra == "export"'``.
        extras: Names of all.

    Returns:
        dict[str, list[str]]: Requirements that no installed package meets, by extra.
    """
    missing = {extra: [] for extra in extras}
    for requirement in map(Requirement, requirements):
        version = installed([requirement.name]).get(requirement.name)
        if version is not None and requirement.specifier.contains(version, prereleases=True):
            continue
        for extra in extras:
            if requirement.marker and [requirement.marker.evaluate({'extra': name}) for name in ('', extra)] == [
                    False, True]:
                missing[extra].append(f'{requirement.name}{requirement.specifier}')
    return missing


def may_write(folder: Path) -> bool:
    """Whether files can be made in a folder, or the folder itself if it is not there yet."""
    while not folder.exists():
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
