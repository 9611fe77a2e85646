"""Photos in the layout of Places365, and runs of the tools as a user starts them."""
import os
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import skimage.data
from patience import PATIENCE
from tool_runs import ROOT


@pytest.fixture(scope='session')
def folder(tmp_path_factory):
    """A folder to work in, with five photos at ``data/Places``."""
    folder = tmp_path_factory.mktemp('tools')
    places = folder / 'data/Places'
    names = []
    for kind in ('data_large', 'val_large', 'meta'):
        (places / kind).mkdir(parents=True)
    photos = [getattr(skimage.data, name)() for name in ('astronaut', 'chelsea', 'coffee', 'rocket')]
    for number, photo in enumerate([*photos, photos[0][::-1]]):
        names.append(f'{number}.png')
        for kind in ('data_large', 'val_large'):
            cv2.imwrite(str(places / kind / names[-1]), cv2.resize(photo[..., ::-1], (400, 390)))
    for list_name in ('places365_train_challenge.txt', 'places365_val.txt'):
        (places / 'meta' / list_name).write_text('\n'.join(names))
    return folder


@pytest.fixture(scope='session')
def run(folder):
    """Run a script of ``tools`` in that folder; returns its output, checks its exit status."""

    def run(script, *args, options=(), status=0, **environment):
        options = ['--cfg-options', *options] if options else []
        start = [sys.executable] if script.endswith('.py') else []
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get('PATH', '')])
        result = subprocess.run(
            [*start, str(ROOT / 'tools' / script), *map(str, args), *options], cwd=folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE,
            env={**os.environ, 'PATH': path, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1',
                 'CUDA_VISIBLE_DEVICES': '', **environment})
        assert result.returncode == status, result.stdout[-5000:]
        return result.stdout

    return run


@pytest.fixture
def free_port():
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return str(probe.getsockname()[1])
