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
    '__init__': ({'compat', 'layers', 'moved', 'padding', 'registration', 'version'}, set()),
    'moved': (set(), set()),
    'version': (set(), set()),
    'remedies': (set(), set()),
    'errors': ({'remedies'}, set()),
    'environment': ({'version'}, {'torch'}),
    'parallel': ({'environment'}, {'rich'}),
    'whole_files': ({'errors'}, set()),
    'reports': ({'errors', 'whole_files'}, {'numpy', 'matplotlib', 'PIL'}),
    'compat': ({'errors', 'whole_files'}, {'torch', 'numpy', 'mmengine'}),
    'configs': ({'compat', 'errors'}, {'torch', 'mmengine'}),
    'checkpoints': ({'compat', 'configs', 'errors', 'whole_files'},
                    {'torch', 'torchvision', 'numpy', 'mmengine', 'safetensors'}),
    'ops': (set(), {'torch'}),
    'layers': ({'ops'}, {'torch'}),
    'padding': ({'layers', 'ops', 'configs', 'errors', 'whole_files'}, {'torch', 'torchvision', 'mmengine'}),
    'registration': ({'layers', 'padding', 'evaluation'}, {'mmengine'}),
    'registry': ({'compat', 'checkpoints'}, {'mmengine', 'mmagic'}),
    'photos': ({'remedies', 'whole_files'}, {'PIL', 'tifffile', *IMAGES}),
    'models': ({'layers', 'ops', 'padding', 'registry', 'checkpoints', 'compat'},
               {'torch', 'torchvision', *OPENMMLAB}),
    'datasets': ({'photos', 'registry', 'errors', 'whole_files'}, {'torch', *IMAGES, *OPENMMLAB}),
    'evaluation': ({'ops', 'registry', 'checkpoints', 'compat', 'errors', 'whole_files'},
                   {'torch', 'torchvision', 'scipy', 'skimage', 'lpips', 'torch_fidelity', 'mmseg', *IMAGES,
                    *OPENMMLAB}),
    'engine': ({'registry', 'checkpoints', 'configs', 'errors', 'whole_files'}, {'torch', 'rich', *IMAGES, *OPENMMLAB}),
    'apis': ({'models', 'datasets', 'evaluation', 'engine', 'padding', 'ops', 'photos',
              'registry', 'checkpoints', 'compat', 'configs', 'errors', 'whole_files', 'version'},
             {'torch', 'torchvision', 'yaml', 'rich', 'PIL', 'onnx', 'onnx_ir', 'onnxscript', 'onnxruntime', *IMAGES,
              *OPENMMLAB}),
    'benchmark': ({'apis', 'datasets', 'evaluation', 'engine', 'photos', 'registry', 'checkpoints', 'configs', 'errors',
                   'environment', 'parallel', 'reports', 'whole_files'},
                  {'torch', 'matplotlib', 'jinja2', 'markupsafe', *IMAGES, *OPENMMLAB}),
    'analysis': ({'apis', 'datasets', 'dataset_converters', 'evaluation', 'engine', 'padding', 'ops', 'photos',
                  'registry', 'checkpoints', 'configs', 'environment', 'errors', 'reports', 'whole_files'},
                 {'torch', 'torchvision', 'skimage', 'matplotlib', 'rich', *IMAGES, *OPENMMLAB}),
    'dataset_converters': ({'datasets', 'evaluation', 'photos', 'parallel', 'errors', 'whole_files'},
                           {'sklearn', *IMAGES}),
    'demo': ({'apis', 'configs', 'datasets', 'evaluation', 'photos', 'registry', 'reports', 'whole_files'},
             {'matplotlib', 'skimage', *IMAGES}),
    'batch': ({'apis', 'engine', 'photos', 'errors', 'remedies', 'whole_files'}, {'rich', 'torch', 'PIL', *IMAGES}),
    'web': ({'apis', 'photos', 'errors', 'remedies', 'version', 'whole_files'},
            {'starlette', 'uvicorn', 'python_multipart', 'PIL', *IMAGES}),
    'installation': ({'environment'}, {'packaging'}),
    'cli': ({'web', 'batch', 'analysis', 'benchmark', 'demo', 'dataset_converters', 'datasets', 'evaluation',
             'checkpoints', 'configs', 'apis', 'engine', 'padding', 'installation', 'photos', 'errors', 'reports',
             'version', 'whole_files'},
            {'rich', 'cv2'}),
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


ROOT = PACKAGE.parent
WRITERS = {'imwrite', 'imsave', 'write_text', 'write_bytes', 'savefig', 'to_csv', 'to_json', 'tofile', 'savetxt',
           'savez', 'savez_compressed', 'save', 'dump', 'copy2', 'copyfile', 'copytree', 'NamedTemporaryFile'}
# Calls that look like writers of files and are none, or cannot be `whole_file`, and why.
ALLOWED_WRITERS = {
    'mmpconv/whole_files.py': {
        "open(path, 'ab', buffering=0)": 'append',
        "open(folder / '.lock', 'w')": 'a lock has no content'},
    'mmpconv/photos/tiff_file.py': {'directory.save(file)': 'into a file that its caller opened'},
    'mmpconv/web/previews.py': {
        "picture.save(file, 'PNG', compress_level=1)": 'into memory',
        "picture.save(file, 'JPEG', quality=93, subsampling=0)": 'into memory'},
    'mmpconv/web/server.py': {'webbrowser.open(self.address)': 'opens a page'},
    'mmpconv/web/app.py': {'photo.save(path)': 'Photo.save writes whole files'},
    'mmpconv/apis/inpainter.py': {'result.save(path)': 'Photo.save writes whole files'},
    'mmpconv/batch/fill.py': {'filled.save(result)': 'Photo.save writes whole files'},
    'mmpconv/apis/export.py': {
        'torch.export.save(trace(network), content, extra_files={DESCRIPTION: json.dumps(description, indent=1)})':
            'into memory'},
    'mmpconv/checkpoints/padding_keys.py': {'torch.save(checkpoint, content)': 'into memory'},
    'mmpconv/evaluation/perceptual_metrics.py': {'torch.save(state, safe_file)': 'into memory'},
    'mmpconv/analysis/padding_comparison/compare.py': {"open(log, 'ab')": 'what another process says'},
    'benchmarks/loss.py': {
        "torch.save({f'features.{key}': value for key, value in features.state_dict().items()}, path)": 'temporary'},
    'benchmarks/training.py': {'torch.save(weights, path)': 'temporary'},
    'benchmarks/train_step.py': {"photo.save(folder / f'{name}.jpg', quality=90)": 'temporary'},
    'benchmarks/startup.py': {'Image.fromarray(picture).save(Path(folder) / name)': 'temporary'},
    'benchmarks/network.py': {'torch.save(network.state_dict(), file)': 'into memory'},
}
SOURCES = sorted(path for folder in ('mmpconv', 'benchmarks', 'tools') for path in (ROOT / folder).rglob('*.py'))


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, 'id', '')


def may_write(node: ast.Call, own: set[str]) -> bool:
    """Whether a call looks like one that writes a file; ``own`` are functions of this project."""
    name = called(node)
    if name == 'open':
        place = 0 if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) not in ('io', 'Image') else 1
        mode = next((keyword.value for keyword in node.keywords if keyword.arg == 'mode'),
                    node.args[place] if len(node.args) > place else ast.Constant('r'))
        return ast.unparse(node.func) != 'os.open' and (
            not isinstance(mode, ast.Constant) or bool(set(str(mode.value)) & set('wax+')))
    return name in WRITERS and not (isinstance(node.func, ast.Name) and name in own)


def is_unfinished(node: ast.AST) -> bool:
    """Whether a path is one to write to: `unfinished`, something in it, or a call of `whole_file`."""
    return any(isinstance(part, ast.Name) and part.id in ('unfinished', 'whole_file') for part in ast.walk(node))


def other_writers(source: str) -> list[str]:
    """Calls that write files by other ways than :mod:`mmpconv.whole_files`."""
    tree = ast.parse(source)
    own = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
           and (node.level or node.module.startswith('mmpconv')) for alias in node.names}
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return [ast.unparse(node) for node in ast.walk(tree)
            if isinstance(node, ast.Call) and may_write(node, own) and not is_unfinished(node)]


@pytest.mark.parametrize('path', SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_written_in_one_place(path):
    allowed = ALLOWED_WRITERS.get(str(path.relative_to(ROOT)), {})
    found = [call for call in other_writers(path.read_text()) if call not in allowed]
    assert not found, f'write by mmpconv.whole_files instead of {found}'


def test_what_is_called_unfinished_comes_from_whole_files():
    takers = {}  # function or class: place of its parameter `unfinished`
    trees = {path: ast.parse(path.read_text()) for path in SOURCES if PACKAGE in path.parents}
    for tree in trees.values():
        for node in ast.walk(tree):
            for function in (node.body if isinstance(node, (ast.ClassDef, ast.Module)) else ()):
                names = [arg.arg for arg in function.args.args] if isinstance(function, ast.FunctionDef) else []
                if 'unfinished' in names:
                    name = node.name if function.name == '__init__' else function.name
                    takers[name] = names.index('unfinished') - isinstance(node, ast.ClassDef)
    assert {'_write_by_pillow', 'write_onnx'} <= takers.keys()
    wrong = []
    for path, tree in trees.items():
        for node in ast.walk(tree):
            # `Report` is the name of another class there.
            if isinstance(node, ast.Call) and called(node) in takers and path.parent.name != 'batch':
                wrong += [] if is_unfinished(node.args[takers[called(node)]]) else [(path.name, ast.unparse(node))]
            if isinstance(node, ast.Assign) and 'unfinished' in map(ast.unparse, node.targets):
                wrong += [] if path.name == 'whole_files.py' else [(path.name, ast.unparse(node))]
            if isinstance(node, ast.withitem) and ast.unparse(node.optional_vars or node) == 'unfinished':
                made_by = called(node.context_expr)
                wrong += [] if made_by in ('whole_file', 'whole_folder') else [(path.name, made_by)]
    assert not wrong


@pytest.mark.parametrize('source', [
    "open(path, 'w')", "path.open('ab')", "open(path, mode='x')", 'open(path, how)', "io.open(p, 'r+')",
    'cv2.imwrite(str(path), a)', 'image.save(path)', 'np.save(path, a)', 'torch.save(a, path)', 'path.write_text(t)',
    'figure.savefig(path)', 'table.to_csv(path)', 'json.dump(a, file)', 'shutil.copyfile(a, b)',
    'from torch import save\nsave(a, path)'])
def test_another_writer_is_found(source):
    assert len(other_writers(source)) == 1


@pytest.mark.parametrize('source', [
    'open(path)', "open(path, 'rb')", "path.open('rb')", 'Image.open(file)', 'cv2.imwrite(str(unfinished), a)',
    "(unfinished / 'a.txt').write_text(t)", 'from mmpconv.whole_files import write_text\nwrite_text(path, t)',
    'json.dumps(a)', "with whole_file(path) as unfinished, open(unfinished, 'w') as file:\n    pass"])
def test_writers_by_whole_files_and_readers_are_none(source):
    assert not other_writers(source)
