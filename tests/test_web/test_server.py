"""What the server refuses, without a browser."""
import asyncio
import json
import logging
import socket
import subprocess
import sys
import threading

import pytest
import uvicorn
from mmpconv.web.desk import Desk
from mmpconv.web.told import told_apart
from PIL import Image
from starlette.testclient import TestClient

from mmpconv.errors import LaunchError
from mmpconv.web.server import MEGABYTE, PageServer, build_app, confined, reserve

STARTED = """
import sys, threading
asked = []
sys.addaudithook(lambda event, args: asked.append(args) if event in ('socket.getaddrinfo', 'socket.connect') else None)
from mmpconv.web.server import Desk, build_app, confined
with confined() as folder:
    build_app(Desk(None, folder, 1), 1)
    [thread.join() for thread in threading.enumerate() if thread is not threading.current_thread()]
sys.exit(str(asked) if asked else 0)
"""


@pytest.fixture(scope='module')
def client(tmp_path_factory):
    tmp_path_factory.getbasetemp()  # not within the folder that is removed
    with confined() as folder, told_apart():
        app = build_app(Desk(None, folder, max_pixels=10_000), max_upload=1, local=True)
        with TestClient(app, base_url='http://127.0.0.1', follow_redirects=False,
                        raise_server_exceptions=False) as client:
            yield client


@pytest.fixture(scope='module')
def config(client):
    return client.get('/config').json()


def event(config, label, name='change'):
    """Number and inputs of what the server does when something on the page changes."""
    target = next(part['id'] for part in config['components'] if part['props'].get('elem_id') == label)
    return next(each for each in config['dependencies']
                if [target, name] in [list(pair) for pair in each['targets']] and each['backend_fn']
                and target in each['inputs'])


def ask(client, config, *data):
    """Ask for what happens when a photo was uploaded; returns the last message."""
    client.post('/gradio_api/queue/join', json=dict(data=data, fn_index=event(config, 'photo')['id'],
                                                   session_hash='visitor'))
    answer = client.get('/gradio_api/queue/data', params=dict(session_hash='visitor')).text
    messages = [json.loads(line.removeprefix('data:')) for line in answer.splitlines() if line.startswith('data:')]
    return next(message for message in messages if message['msg'] == 'process_completed')


def uploaded(path):
    return dict(path=path, meta={'_type': 'gradio.FileData'})


def upload(client, content, name='photo.png'):
    return client.post('/gradio_api/upload', files={'files': (name, content)})


def test_an_uploaded_photo_is_shown(client, config, tmp_path):
    Image.new('RGB', (30, 20)).save(tmp_path / 'photo.png')
    path, = upload(client, (tmp_path / 'photo.png').read_bytes()).json()
    shown, brush = ask(client, config, uploaded(path))['output']['data']
    assert (shown['width'], shown['height']) == (30, 20) and brush['value'] == 1


def test_what_is_no_photo_is_a_sentence_without_places_of_this_machine(client, config):
    path, = upload(client, b'no photo').json()
    message = ask(client, config, uploaded(path))
    assert not message['success']
    assert message['output']['error'].startswith('Cannot read the image photo.png') and '/' not in \
        message['output']['error'].replace(' / ', '')


@pytest.mark.parametrize('path', ['/etc/passwd', '../../etc/passwd', '/proc/self/environ', __file__])
def test_a_file_that_nobody_uploaded_is_not_taken_for_one(client, config, path):
    message = ask(client, config, uploaded(path))
    assert not message['success'] and message['output']['error'] is None


@pytest.mark.parametrize('path', ['https://8.8.8.8/photo.png', 'http://127.0.0.1/photo.png'])
def test_nothing_is_downloaded(client, config, path, monkeypatch):
    asked = []
    for name in ('getaddrinfo', 'create_connection'):
        monkeypatch.setattr(socket, name, lambda *args, **kwargs: asked.append(args) or [])
    message = ask(client, config, uploaded(path))
    assert not message['success'] and message['output']['error'] is None and not asked


@pytest.mark.parametrize('path', [
    '/gradio_api/file=/etc/passwd', '/gradio_api/file=../../../../etc/passwd', f'/gradio_api/file={__file__}',
    '/gradio_api/file=%2e%2e/%2e%2e/etc/passwd', '/gradio_api/file//etc/passwd', '/static/../../../etc/passwd',
    '/static/%2e%2e/%2e%2e/blocks.py', '/assets/..%2f..%2f..%2fblocks.py', '/svelte/..%2f..%2f..%2fblocks.py',
    '/gradio_api/proxy=https://example.org/', '/gradio_api/file=https://example.org/', '/openapi.json', '/docs',
    '/monitoring', '/gradio_api/openapi.json'])
def test_no_file_of_this_machine_and_no_other_page_is_served(client, path):
    answer = client.get(path)
    assert answer.status_code in (400, 403, 404), answer.text[:500]
    assert 'root:' not in answer.text and 'location' not in answer.headers


def test_the_api_lists_nothing(client, config):
    assert client.get('/gradio_api/info').json() == dict(named_endpoints={}, unnamed_endpoints={})
    assert config['show_api'] is False and all(each['api_name'] is False for each in config['dependencies'])


def test_an_unexpected_error_shows_no_traceback(client):
    answer = client.post('/gradio_api/stream/nobody/close', json={})  # a KeyError of Gradio's own
    assert answer.status_code == 500 and answer.text == 'Internal Server Error'


def test_the_page_asks_no_other_host_for_anything(client):
    page = client.get('/')
    outside = [host for host in ('googleapis', 'gstatic', 'cloudflare', 'gradio.app', 'manifest.json')
               if host in page.text.partition('window.gradio_config')[0] + page.text.partition('</script>')[2]]
    assert not outside
    assert "default-src 'self'" in page.headers['content-security-policy']
    assert page.headers['content-length'] == str(len(page.content))


def test_the_server_asks_no_other_host_for_anything():
    started = subprocess.run([sys.executable, '-c', STARTED], capture_output=True, text=True)
    assert started.returncode == 0, started.stderr


def test_files_larger_than_the_limit_are_refused(client):
    assert upload(client, bytes(MEGABYTE - 1000)).status_code == 200
    # Gradio's limit is of each file, this one of all in a request.
    assert upload(client, bytes(MEGABYTE + 1)).status_code == 413
    answer = upload(client, bytes(3 * MEGABYTE))
    assert answer.status_code == 413 and 'at most 1 MB' in answer.text


def test_no_other_request_is_larger_than_a_page_sends(client):
    assert client.post('/gradio_api/queue/join', content=b' ' * 9_000_000).status_code == 413
    assert client.post('/gradio_api/queue/join', content=iter([b'{}'])).status_code == 411


def test_a_name_that_is_made_to_lead_here_does_not_get_in(client):
    assert client.get('/config', headers=dict(host='evil.example:7860')).status_code == 400
    for here in ('127.0.0.1:7860', 'localhost:7860', '[::1]:7860', 'localhost'):
        assert client.get('/config', headers=dict(host=here)).status_code == 200


def test_an_uploaded_drawing_is_not_run_as_part_of_the_page(client, config):
    for name in ('a.svg', 'a.html'):
        path, = upload(client, b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', name).json()
        ask(client, config, uploaded(path))
        answer = client.get(f'/gradio_api/file={path}')
        assert answer.headers['content-disposition'].startswith('attachment')
        assert answer.headers['x-content-type-options'] == 'nosniff'


def test_a_port_that_is_in_use_is_one_sentence():
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(LaunchError, match=f'port {port} of 127.0.0.1 .*in use.*another --port'):
            reserve('127.0.0.1', port)


def test_a_host_that_is_elsewhere_is_one_sentence():
    with pytest.raises(LaunchError, match='of 192.0.2.1'):
        reserve('192.0.2.1', 0)


def test_nothing_answers_at_a_port_that_is_only_held():
    with reserve('127.0.0.1', 0) as held, pytest.raises(ConnectionRefusedError):
        socket.create_connection(held.getsockname())


def test_a_connection_that_is_cut_off_at_the_end_is_no_error(caplog, tmp_path, request):
    asked = threading.Event()
    request.addfinalizer(lambda: logging.getLogger('uvicorn.error').setLevel(logging.NOTSET))

    async def endless(scope, receive, send):
        asked.set()
        await asyncio.sleep(60)

    config = uvicorn.Config(endless, lifespan='off', log_config=None, timeout_graceful_shutdown=1)
    server = PageServer(config, 'http://127.0.0.1/', Desk(None, tmp_path, 1))
    held = reserve('127.0.0.1', 0)
    running = threading.Thread(target=server.run, kwargs=dict(sockets=[held]))
    running.start()
    while not server.started:
        running.join(0.05)
    with socket.create_connection(held.getsockname()) as visitor:
        visitor.sendall(b'GET / HTTP/1.1\r\nHost: here\r\n\r\n')
        assert asked.wait(10)
        server.should_exit = True
        running.join(10)
    assert not running.is_alive() and not [record for record in caplog.records if record.levelno >= logging.WARNING]
