"""Files of ``torch.export``, the reading of which unpickles what is in them, are not read by any entrance."""
import ast
import io
import os
import re
import zipfile
from pathlib import Path

import pytest
import torch

import mmpconv
from mmpconv.apis import Inpainter
from mmpconv.checkpoints import UnsafeCheckpointError
from mmpconv.checkpoints.loading import load_from_local
from mmpconv.cli.main import main
from mmpconv.errors import LaunchError


class Harm:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path), )


@pytest.fixture(params=['network.pt2', 'network.pth'])
def program(request, tmp_path):
    """A program that makes a folder ``harm`` when ``torch.export.load`` reads its example."""
    written, hostile, example = io.BytesIO(), tmp_path / request.param, io.BytesIO()
    torch.export.save(torch.export.export(torch.nn.ReLU(), (torch.zeros(1, 3, 4, 4), )), written)
    torch.save(Harm(tmp_path / 'harm'), example)
    with zipfile.ZipFile(written) as parts, zipfile.ZipFile(hostile, 'w') as changed:
        for name in parts.namelist():
            changed.writestr(name, example.getvalue() if 'sample_inputs' in name else parts.read(name))
    yield hostile
    assert not (tmp_path / 'harm').exists()



def test_it_is_no_checkpoint(program):
    for load in (load_from_local, lambda path: Inpainter(checkpoint=path)):
        with pytest.raises(UnsafeCheckpointError, match=r'was refused and nothing .* a program \(torch') as error:
            load(str(program))
        assert '\n' not in str(error.value)


def test_it_is_no_model(program):
    with pytest.raises((LaunchError, UnsafeCheckpointError), match='is a program|it is a program') as error:
        Inpainter(str(program))
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('arguments', [['{}'], ['oriented-unet_1xb4_photos-256x256', '{}']], ids=len)
def test_it_is_not_exported_again(program, tmp_path, arguments):
    with pytest.raises(SystemExit, match='error: .* is a program') as end:
        main(['export', *(argument.format(program) for argument in arguments), '-o', str(tmp_path / 'a.onnx')])
    assert '\n' not in str(end.value)


def calls_that_may_run_code():
    """Calls in the package that unpickle, or read programs: file and call."""
    package = Path(mmpconv.__file__).parent
    for path in package.rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ''
            if re.fullmatch(r'(torch(\.export|\.jit)?|pickle|joblib|marshal|shelve|np|numpy)\.(loads?|open)', name):
                yield f'{path.relative_to(package)}: {ast.unparse(node)}'


def test_the_package_reads_no_other_programs_and_unpickles_nothing_without_looking():
    assert sorted(calls_that_may_run_code()) == [
        'apis/export.py: torch.export.load(unfinished)',  # what it has just written itself
        'checkpoints/loading.py: torch.load(file, map_location=map_location, weights_only=True)',
        'web/storage.py: np.load(file, allow_pickle=False)']
