"""Tries things in processes of their own, in which they may fail, crash or hang."""
import json
import os
import subprocess
import sys

OPENCVS = ('opencv-python', 'opencv-python-headless', 'opencv-contrib-python', 'opencv-contrib-python-headless')
# Name: packages, one of which has to be installed for it to make sense.
PROBES = {
    'torch': ('torch',),
    'gpu': ('torch',),
    'torchvision': ('torchvision',),
    'mmengine': ('mmengine',),
    'mmcv operations': ('mmcv', 'mmcv-lite'),
    'mmagic': ('mmagic',),
    'mmseg': ('mmsegmentation',),
    'mmpretrain': ('mmpretrain',),
    'opencv': OPENCVS,
    'onnx': ('onnx',),
    'onnxruntime': ('onnxruntime',),
    'starlette': ('starlette', 'uvicorn', 'python-multipart'),
    'weights': ('mmengine',),
}

# Programs; the dict `found` is what they found out.
_PROGRAMS = {
    'torch': 'import torch; torch.ones(2).sum().item()',
    'gpu': '''
import torch
found['cuda'] = torch.version.cuda
found['gpus'] = []
for index in range(torch.cuda.device_count()):
    properties = torch.cuda.get_device_properties(index)
    ones = torch.ones(1, 1, 8, 8, device=f'cuda:{index}')
    sum = torch.nn.functional.conv2d(ones, ones[..., :3, :3]).sum().item()
    assert sum == 6 * 6 * 9, f'a convolution gives {sum} instead of 324'
    found['gpus'].append(dict(name=properties.name, memory_gib=round(properties.total_memory / 2**30, 1)))
''',
    'torchvision': 'import torchvision; torchvision.ops.nms',
    'mmengine': 'import mmengine.runner',
    'mmcv operations': '''
import importlib.util
found['compiled'] = importlib.util.find_spec('mmcv._ext') is not None
if found['compiled']:
    import torch
    from mmcv.ops import nms
    boxes, scores = torch.tensor([[0., 0, 2, 2], [0, 0, 2, 2]]), torch.tensor([1., .5])
    assert len(nms(boxes, scores, 0.5)[0]) == 1, 'nms of mmcv gives a wrong result'
''',
    'mmagic': 'import mmpconv.registry; import mmagic.models, mmagic.datasets',
    'mmseg': 'import mmpconv; import mmseg.models',
    'mmpretrain': 'import mmpconv; import mmpretrain.models',
    'opencv': '''
import cv2, numpy
cv2.resize(numpy.zeros((2, 2), numpy.uint8), (4, 4))
found['version'] = cv2.__version__
''',
    'onnx': 'import onnx.helper',
    'onnxruntime': 'import onnxruntime; onnxruntime.get_available_providers()',
    'starlette': 'import starlette.applications, uvicorn, python_multipart',
    'weights': '''
from mmpconv.apis import inpainting_models
from mmpconv.checkpoints.loading import file_of
model = inpainting_models()[0]
file = file_of(model.weights)
found.update(model=model.name, url=model.weights, file=str(file), there=file.is_file())
''',
}
_MARK = 'found: '
_SECONDS = 180


def probe(name: str) -> tuple[dict, str | None]:
    """Run a probe.

    Args:
        name: One of :data:`PROBES`.

    Returns:
        tuple[dict, str | None]: What it found out; and one line about why it failed, None if it did not.
    """
    program = f'import json\nfound = {{}}\n{_PROGRAMS[name]}\nprint("\\n{_MARK}" + json.dumps(found))'
    return run(program)


def run(program: str) -> tuple[dict, str | None]:
    """Run a program in a process of its own; as of :func:`probe`."""
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
