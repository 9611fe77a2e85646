import contextlib
import importlib.util
import io
import socket

import pytest

from mmpconv.apis.networks import CLASSICAL_MODELS
from mmpconv.cli import main as mmpconv
from mmpconv.web import server


def main(argv):
    mmpconv(['serve', *argv])


def ending(*argv):
    """What a command line that ends at once says."""
    with pytest.raises(SystemExit) as end, contextlib.redirect_stderr(io.StringIO()) as said:
        main(list(argv))
    return end.value.code, said.getvalue()


@pytest.fixture
def served(monkeypatch):
    """What would be served: arguments of ``serve``."""
    served = []

    def serve(models, held, limits, hosts, **options):
        served.append(dict(models=models, address=held.getsockname(), limits=limits, hosts=hosts, **options))
        held.close()

    monkeypatch.setattr(server, 'serve', serve)
    return served


def test_it_is_served_to_this_machine_alone_unless_asked_for(served, capsys):
    main(['--port', '0', '--max-upload', '7', '--max-pixels', '99', '--max-fills', '2', '--max-disk', '8',
          '--keep', '9'])
    page, = served
    assert page['address'][0] == '127.0.0.1' and page['limits'] == server.Limits(7, 99, 2, 8, 9)
    assert not page['open_browser'] and capsys.readouterr().err == ''


def test_another_host_is_served_with_a_warning_and_under_the_names_that_are_given(served, capsys):
    main(['--host', '0.0.0.0', '--port', '0', '--allow-host', 'a.example', '--allow-host', 'b.example', '--open'])
    assert served[0]['address'][0] == '0.0.0.0' and {'a.example', 'b.example'} <= set(served[0]['hosts'])
    assert served[0]['open_browser']
    assert 'warning: everybody who reaches 0.0.0.0' in capsys.readouterr().err


def test_the_models_are_the_network_of_the_package_and_all_fillings_without_weights(served):
    main(['--port', '0'])
    models = served[0]['models']
    assert models.default == 'network' and set(models.models) == {'network', *CLASSICAL_MODELS}
    assert not served[0]['needs_default']
    assert models.get('telea').network.name == 'telea'


@pytest.mark.parametrize('argv, default, title', [
    (['--model', 'oriented'], 'oriented', 'Along lines'), (['--checkpoint', 'work/mine.pth'], 'mine.pth', 'mine'),
    (['--model', 'a/pconv.onnx'], 'pconv.onnx', 'pconv')])
def test_the_model_that_is_asked_for_comes_first(served, argv, default, title):
    main(['--port', '0', *argv])
    models = served[0]['models']
    assert models.default == default == next(iter(models.models)) and models.models[default].title == title
    assert served[0]['needs_default'] and {'network', *CLASSICAL_MODELS} <= set(models.models)


def test_what_is_asked_for_is_what_is_loaded(served, monkeypatch):
    monkeypatch.setattr('mmpconv.apis.Inpainter', lambda *args, **options: (args, options), raising=False)
    main(['--port', '0', '--model', 'a.py', '--checkpoint', 'b.pth', '--device', 'cpu', '--dtype', 'float32'])
    models = served[0]['models']
    assert models.get('b.pth') == (('a.py', 'b.pth', 'cpu', 'float32'), {})
    assert models.get('network') == ((), dict(device='cpu', dtype='float32'))
    assert models.get('telea') == (('telea',), {})


def test_a_port_in_use_is_told_before_the_network_is_loaded():
    with socket.create_server(('127.0.0.1', 0)) as other:
        sentence, _ = ending('--port', str(other.getsockname()[1]), '--model', 'no-such-model')
    assert 'in use' in sentence and 'no-such-model' not in sentence


@pytest.mark.parametrize('package', ['starlette', 'uvicorn', 'python_multipart'])
def test_what_is_missing_is_named_with_the_command_that_installs_it(monkeypatch, package):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None if name == package else find(name))
    sentence = ending()[0]
    assert package in sentence and "pip install 'mmpconv[web]'" in sentence


@pytest.mark.parametrize('argv', [['--port', '70000'], ['--port', 'x'], ['--max-upload', '0'], ['--max-pixels', '-1'],
                                  ['--max-fills', '0'], ['--keep', 'long'], ['--dtype', 'int8']])
def test_numbers_out_of_range_are_refused(argv):
    status, said = ending(*argv)
    assert status == 2 and f'argument {argv[0]}: ' in said
