"""Networks, and what ``mmpconv export`` makes of them: exporting takes seconds."""
import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from exported_networks import make_network
from mmengine.registry import DefaultScope

from mmpconv.apis.export import export_onnx
from mmpconv.cli import main


@pytest.fixture(scope='session')
def trained(tmp_path_factory) -> Callable[[str], tuple[str, str]]:
    """Config and checkpoint of a network, by name."""
    folder, made = tmp_path_factory.mktemp('networks'), {}

    def trained(name: str) -> tuple[str, str]:
        if name not in made:
            with DefaultScope.overwrite_default_scope('mmpconv'):
                made[name] = make_network(name, folder)
        return made[name]

    return trained


@pytest.fixture(scope='session')
def exported(trained, tmp_path_factory) -> Callable[[str], Path]:
    """The ONNX file of a network, by name, alone in its folder."""
    files = {}

    def exported(name: str) -> Path:
        if name not in files:
            files[name] = tmp_path_factory.mktemp('exported') / f'{name}.onnx'
            export_onnx(*trained(name), files[name])
        return files[name]

    return exported


@pytest.fixture(scope='session')
def program(trained, tmp_path_factory) -> tuple[Path, str]:
    """The torch.export file of the network ``imagenet``, and what the command printed."""
    path, printed = tmp_path_factory.mktemp('programs') / 'new' / 'program.pt2', io.StringIO()
    with contextlib.redirect_stdout(printed):
        main(['export', *trained('imagenet'), '-o', str(path)])
    return path, printed.getvalue()
