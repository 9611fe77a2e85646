"""Loading of checkpoints, with the installed MMEngine and torch."""
import contextlib
import functools
import http.server
import os
import pickle
import threading

import mmengine.runner.checkpoint as mmengine_checkpoint
import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import load_checkpoint
from mmengine.runner.checkpoint import CheckpointLoader
from torch import nn

import mmpconv.registry  # noqa: F401  (puts the loaders in force)
from mmpconv import checkpoints

FORMATS = [dict(), dict(_use_new_zipfile_serialization=False)]


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


class HostileGetattr:
    """Asks by `getattr` for what a log history never needs."""

    def __reduce__(self):
        return getattr, (HistoryBuffer, '__init__')


def saved(path):
    """A checkpoint as MMEngine's runner saves it."""
    history = HistoryBuffer([1.0, 3.0], [1, 1])
    torch.save(dict(
        meta=dict(seed=3, cfg='a = 1', dataset_meta=dict(classes=('a',))),
        state_dict=nn.Conv2d(1, 1, 1).state_dict(),
        message_hub=dict(
            log_scalars=dict(loss=history), runtime_info=dict(value=np.float64(2), count=np.int64(3)),
            resumed_keys=dict(loss=True)),
        optimizer=torch.optim.Adam(nn.Linear(1, 1).parameters()).state_dict()), path)
    return str(path)


def load(path):
    return CheckpointLoader.load_checkpoint(str(path), map_location='cpu', logger=None)


def test_a_runners_checkpoint_loads_with_its_log_history(tmp_path):
    checkpoint = load(saved(tmp_path / 'a.pth'))
    history = checkpoint['message_hub']['log_scalars']['loss']
    assert history.mean() == history.statistics('mean') == 2
    assert history.statistics('current') == 3
    assert checkpoint['message_hub']['runtime_info'] == dict(value=2, count=3)


def test_its_weights_arrive_unchanged(tmp_path):
    model = nn.Conv2d(2, 3, 3)
    for number, keywords in enumerate(FORMATS):
        torch.save(model.state_dict(), tmp_path / f'{number}.pth', **keywords)
        copy = nn.Conv2d(2, 3, 3)
        load_checkpoint(copy, str(tmp_path / f'{number}.pth'), map_location='cpu', strict=True)
        assert torch.equal(copy.weight, model.weight)


@pytest.mark.parametrize('keywords', FORMATS, ids=['zip', 'legacy'])
def test_a_hostile_checkpoint_is_refused_and_executes_nothing(tmp_path, keywords):
    torch.save(dict(state_dict={}, extra=Hostile(tmp_path / 'harm')), tmp_path / 'a.pth', **keywords)
    with pytest.raises(checkpoints.UnsafeCheckpointError) as caught:
        load(tmp_path / 'a.pth')
    assert not (tmp_path / 'harm').exists()
    message = str(caught.value)
    assert 'a.pth was refused and nothing in it was executed' in message
    assert 'mkdir' in message
    assert 'weights_only' not in message


def test_a_bare_pickle_is_refused_and_executes_nothing(tmp_path):
    (tmp_path / 'a.pth').write_bytes(pickle.dumps(Hostile(tmp_path / 'harm'), protocol=2))
    with pytest.raises(checkpoints.CheckpointError):
        load(tmp_path / 'a.pth')
    assert not (tmp_path / 'harm').exists()


def test_the_hostile_checkpoint_of_these_tests_would_do_harm(tmp_path):
    torch.save(Hostile(tmp_path / 'harm'), tmp_path / 'a.pth')
    torch.load(tmp_path / 'a.pth', weights_only=False)
    assert (tmp_path / 'harm').is_dir()


def test_getattr_reaches_nothing_but_the_statistics_of_a_log_history(tmp_path):
    torch.save(HostileGetattr(), tmp_path / 'a.pth')
    with pytest.raises(checkpoints.UnsafeCheckpointError, match='it calls builtins.getattr with arguments'):
        load(tmp_path / 'a.pth')


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(checkpoints.MissingCheckpointError, match='there is no checkpoint file .*a.pth; give'):
        load(tmp_path / 'a.pth')


@pytest.mark.parametrize('damage', [lambda content: content[:-100], lambda content: b'',
                                    lambda content: b'<html>not found</html>'])
def test_a_damaged_file_is_named(tmp_path, damage):
    path = tmp_path / 'a.pth'
    saved(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(checkpoints.CheckpointError, match='a.pth'):
        load(path)


@contextlib.contextmanager
def served(folder):
    """A web server over a folder; gives its address."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *args: None
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}'
        server.shutdown()


def test_a_url_is_downloaded_once_and_loaded_with_the_same_care(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'hub'))
    (tmp_path / 'web').mkdir()
    saved(tmp_path / 'web/a.pth')
    torch.save(Hostile(tmp_path / 'harm'), tmp_path / 'web/hostile.pth')
    with served(tmp_path / 'web') as address:
        assert load(f'{address}/a.pth')['meta']['seed'] == 3
        with pytest.raises(checkpoints.UnsafeCheckpointError):
            load(f'{address}/hostile.pth')
        with pytest.raises(checkpoints.DownloadError, match='absent.pth cannot be downloaded .*404.*give'):
            load(f'{address}/absent.pth')
    assert not (tmp_path / 'harm').exists()
    assert load(f'{address}/a.pth')['meta']['seed'] == 3


def test_the_model_zoos_of_mmengine_download_with_the_same_care(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'hub'))
    (tmp_path / 'web').mkdir()
    torch.save(Hostile(tmp_path / 'harm'), tmp_path / 'web/hostile.pth')
    with served(tmp_path / 'web') as address:
        zoo = {'evil': f'{address}/hostile.pth'}
        for getter in ('get_torchvision_models', 'get_external_models', 'get_mmcls_models'):
            monkeypatch.setattr(mmengine_checkpoint, getter, lambda: zoo)
        for scheme in ('torchvision', 'open-mmlab', 'mmcls'):
            with pytest.raises(checkpoints.UnsafeCheckpointError):
                load(f'{scheme}://evil')
    assert not (tmp_path / 'harm').exists()


def test_weights_that_are_not_in_the_package_are_named_with_those_that_are():
    with pytest.raises(checkpoints.MissingCheckpointError, match='no weights absent.* in this package; it has o'):
        CheckpointLoader.load_checkpoint('mmpconv://absent.safetensors')
