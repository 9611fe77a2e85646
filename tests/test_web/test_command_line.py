import contextlib
import importlib.util
import io
import socket
import subprocess
import sys

import pytest

from mmpconv.web import build_parser, main, server


def ending(*argv):
    """What a command line that ends at once says."""
    with pytest.raises(SystemExit) as end, contextlib.redirect_stderr(io.StringIO()) as said:
        main(list(argv))
    return end.value.code, said.getvalue()


@pytest.fixture
def served(monkeypatch):
    """What would be served."""
    served = []

    def serve(load, held, max_upload, max_pixels):
        served.append((held.getsockname(), max_upload, max_pixels))
        held.close()

    monkeypatch.setattr(server, 'serve', serve)
    return served


def test_it_is_served_to_this_machine_alone_unless_asked_for(served, capsys):
    main(['--port', '0', '--max-upload', '7', '--max-pixels', '99'])
    (address, max_upload, max_pixels), = served
    assert address[0] == '127.0.0.1' and (max_upload, max_pixels) == (7, 99)
    assert capsys.readouterr().err == ''


def test_another_host_is_served_with_a_warning(served, capsys):
    main(['--host', '0.0.0.0', '--port', '0'])
    assert served[0][0][0] == '0.0.0.0'
    assert 'warning: everybody who reaches 0.0.0.0' in capsys.readouterr().err


def test_a_port_in_use_is_told_before_the_network_is_loaded():
    with socket.create_server(('127.0.0.1', 0)) as other:
        sentence, _ = ending('--port', str(other.getsockname()[1]), '--model', 'no-such-model')
    assert 'in use' in sentence and 'no-such-model' not in sentence


def test_a_network_that_cannot_be_loaded_is_told_and_nothing_is_served(monkeypatch, tmp_path):
    monkeypatch.setattr(server, 'build_app', lambda *args: pytest.fail('the page was built'))
    sentence, _ = ending('--port', '0', '--model', 'no-such-model.py', '--checkpoint', 'none.pth')
    assert sentence.startswith('error: ') and 'no-such-model.py' in sentence and '\n' not in sentence


def test_without_gradio_it_says_what_to_install(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None if name == 'gradio' else find(name))
    assert "pip install 'mmpconv[web]'" in ending()[0]


@pytest.mark.parametrize('argv', [['--port', '70000'], ['--port', 'x'], ['--max-upload', '0'], ['--max-pixels', '-1'],
                                  ['--dtype', 'int8']])
def test_numbers_out_of_range_are_refused(argv):
    status, said = ending(*argv)
    assert status == 2 and f'argument {argv[0]}: invalid' in said


def test_its_help_needs_neither_gradio_nor_torch():
    code = ('import sys; from mmpconv.web import build_parser; build_parser().format_help(); '
            "sys.exit(bool({'gradio', 'torch'} & set(sys.modules)))")
    assert subprocess.run([sys.executable, '-c', code]).returncode == 0
    assert 'examples:' in build_parser().format_help()
