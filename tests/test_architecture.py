"""Who may import whom: arrows run one way, and what is light stays light."""
import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / 'mmpconv'
OPENMMLAB = {'mmengine', 'mmcv', 'mmagic'}
IMAGES = {'numpy', 'cv2'}
# Room: the rooms of this package below it, and the packages outside the standard library, that it may import.
ALLOWED = {
    '__init__': ({'compat', 'conversion', 'layers', 'registration', 'version'}, set()),
    'version': (set(), set()),
    'errors': (set(), set()),
    'whole_files': (set(), set()),
    'compat': ({'errors'}, {'torch', 'numpy', 'mmengine'}),
    'checkpoints': ({'compat', 'errors', 'whole_files'}, {'torch', 'numpy', 'mmengine', 'safetensors'}),
    'ops': (set(), {'torch'}),
    'layers': ({'ops'}, {'torch'}),
    'conversion': ({'layers', 'ops', 'checkpoints', 'whole_files'}, {'torch', 'mmengine'}),
    'registration': ({'layers', 'conversion'}, {'mmengine'}),
    'registry': ({'compat', 'checkpoints'}, {'mmengine', 'mmagic'}),
    'photos': ({'whole_files'}, {'PIL', 'tifffile', *IMAGES}),
    'models': ({'layers', 'ops', 'conversion', 'registry', 'checkpoints', 'compat'},
               {'torch', 'torchvision', *OPENMMLAB}),
    'datasets': ({'photos', 'registry', 'errors'}, {'torch', *IMAGES, *OPENMMLAB}),
    'evaluation': ({'registry', 'checkpoints', 'compat', 'errors', 'whole_files'},
                   {'torch', 'torchvision', 'scipy', 'skimage', 'lpips', 'torch_fidelity', *IMAGES, *OPENMMLAB}),
    'engine': ({'registry', 'checkpoints', 'compat', 'errors', 'whole_files'}, {'torch', 'rich', *IMAGES, *OPENMMLAB}),
    'apis': ({'models', 'datasets', 'evaluation', 'engine', 'conversion', 'ops', 'photos', 'registry', 'checkpoints',
              'compat', 'errors', 'whole_files', 'version'},
             {'torch', 'torchvision', 'skimage', 'sklearn', 'matplotlib', 'rich', 'PIL', 'jinja2', 'markupsafe', 'yaml',
              'onnx', 'onnx_ir', 'onnxscript', 'onnxruntime', *IMAGES, *OPENMMLAB}),
    'web': ({'apis', 'photos', 'errors'}, {'gradio', 'fastapi', 'starlette', 'uvicorn', 'PIL', *IMAGES}),
    'cli': ({'web', 'apis', 'photos', 'errors', 'version'}, {'rich', 'packaging', 'PIL', *IMAGES}),
    '__main__': ({'cli'}, set()),
}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix('.py')


def imports_of(source: str, path: Path) -> set[str]:
    """Full names of all that a file imports, wherever in it."""
    package = ('mmpconv', *path.relative_to(PACKAGE).parts[:-1])
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[:len(package) - node.level + 1]] if node.level else []
            base += node.module.split('.') if node.module else []
            # `from mmpconv import ops` and `from . import ops` import a room; `from .ops import f` names it.
            names.update('.'.join([*base, alias.name]) for alias in node.names)
    return names


def forbidden(source: str, path: Path) -> list[str]:
    room = room_of(path)
    rooms, packages = ALLOWED[room]
    found = []
    for name in sorted(imports_of(source, path)):
        top, *rest = name.split('.')
        if top == 'mmpconv':
            allowed = rest and rest[0] in {room, *rooms}
        else:
            allowed = top in packages or top in sys.stdlib_module_names
        if not allowed:
            found.append(name)
    return found


@pytest.mark.parametrize('path', sorted(PACKAGE.rglob('*.py')), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path):
    assert room_of(path) in ALLOWED, f'add {room_of(path)} to the table of this file'
    found = forbidden(path.read_text(), path)
    assert not found, f'{room_of(path)} may not import {", ".join(found)}'


@pytest.mark.parametrize('file, source', [
    ('ops/window.py', 'from ..layers import PConv'), ('ops/window.py', 'from mmpconv.layers import PConv'),
    ('ops/window.py', 'def f():\n    import mmengine'), ('layers/partial_conv.py', 'import mmpconv.registry'),
    ('layers/partial_conv.py', 'from .. import registry'),
    ('datasets/masks/bbox.py', 'from ...models import PConvEncoder'),
    ('engine/launch.py', 'import mmpconv.apis'), ('apis/demo/photos.py', 'from mmpconv.web import main'),
    ('web/page.py', 'import mmpconv.cli'), ('photos/photo.py', 'import torch'),
    ('models/inpainting/mean_color.py', 'from tools import train'),
    ('compat/mmcv_ext.py', 'from ..registry import MODELS'), ('apis/demo.py', 'import tests.reference'),
])
def test_an_upward_arrow_is_found(file, source):
    assert len(forbidden(source, PACKAGE / file)) == 1


def test_the_table_has_no_circle():
    def below(room, seen):
        assert room not in seen, f'{room} imports itself by way of {seen}'
        for lower in ALLOWED[room][0]:
            below(lower, (*seen, room))

    for room in ALLOWED:
        below(room, ())
