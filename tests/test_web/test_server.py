"""A server as its user starts it: what it leaves behind, however it ends, and how long it waits for whom."""
import asyncio
import contextlib
import http.client
import io
import json
import logging
import signal
import socket
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
import uvicorn
from inverting import Inverting, models_of, png
from PIL import Image
from served import PATIENCE, Served
from starlette.responses import PlainTextResponse

from mmpconv.errors import LaunchError
from mmpconv.web.filling import Fills
from mmpconv.web.server import PageServer, _InTime, reserve, temporary_folder


def post(address, path, **files):
    """Send files; returns the open answer."""
    boundary, body = 'limit', b''
    for name, content in files.items():
        is_file = isinstance(content, bytes)
        body += (f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
                 f'{"; filename=a.png" if is_file else ""}\r\n\r\n').encode()
        body += (content if is_file else content.encode()) + b'\r\n'
    body += f'--{boundary}--\r\n'.encode()
    return urllib.request.urlopen(urllib.request.Request(
        f'{address}{path}', body, {'Content-Type': f'multipart/form-data; boundary={boundary}'}), timeout=PATIENCE)


def fill_something_large(page):
    """Begin to fill; returns the answer, of which one line of progress has been read."""
    photo = png(np.zeros((1200, 1600), np.uint8))
    photo_id = json.load(post(page.address, 'api/photos', photo=photo))['id']
    answer = post(page.address, f'api/photos/{photo_id}/fill', mask=png(np.full((1000, 1400), 255, np.uint8)),
                  place='100,100')
    while b'filling' not in answer.readline():
        pass
    return answer


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    """Ended by the last test that uses it."""
    page = Served(tmp_path_factory.mktemp('page'), '--model', 'telea')
    yield page
    page.process.kill()


@contextlib.contextmanager
def serving(app, store):
    """An application in this process: its server, its thread, and its address."""
    config = uvicorn.Config(app, http=_InTime, lifespan='off', log_config=None, timeout_graceful_shutdown=0)
    server = PageServer(config, 'http://127.0.0.1/', store, Fills(models_of(Inverting())))
    held = reserve('127.0.0.1', 0)
    running = threading.Thread(target=server.run, kwargs=dict(sockets=[held]))
    running.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server, running, held.getsockname()
    finally:
        server.should_exit = True
        running.join(PATIENCE)
        logging.getLogger('uvicorn.error').setLevel(logging.NOTSET)


def test_a_connection_on_which_nothing_comes_is_closed(store, monkeypatch):
    async def slow_answer(scope, receive, send):
        await asyncio.sleep(1.5)  # a request that has come is not cut off
        await PlainTextResponse('here')(scope, receive, send)

    monkeypatch.setattr('mmpconv.web.server._HEAD_WITHIN', 0.5)
    with serving(slow_answer, store) as (_, _, address):
        slow = [socket.create_connection(address, timeout=PATIENCE) for _ in range(2)]
        slow[1].sendall(b'GET / HTTP/1.1\r\nHost: 127')
        kept = http.client.HTTPConnection(*address, timeout=PATIENCE)
        for _ in range(2):
            kept.request('GET', '/')
            assert kept.getresponse().read() == b'here'
        kept.sock.sendall(b'GET /')
        for connection in (*slow, kept.sock):
            assert connection.recv(1) == b''


def test_an_unreadable_request_leaves_no_trace_in_the_log(page):
    host, port = page.address.removeprefix('http://').rstrip('/').split(':')
    cut_off = (b'POST /api/photos HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n'
               b'Content-Length: 9\r\n\r\n--x\r\n')
    for sent in (b'\x16\x03\x01\x02\x00\x01\x00', b'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', cut_off):
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(100)
    with pytest.raises(urllib.error.HTTPError, match='422'):
        post(page.address, 'api/photos', photo=b'no photo')


def test_nothing_is_left_when_the_page_ends_while_it_fills(page):
    answer = fill_something_large(page)
    assert any(any(folder.iterdir()) for folder in page.temporary.iterdir())
    status, said, seconds = page.end(signal.SIGTERM)
    assert (status, said) == (128 + signal.SIGTERM, '')
    assert not list(page.work.iterdir()) and not list(page.temporary.iterdir())
    # A second, on a machine that has nothing else to do; here others may be at work.
    assert seconds < 5
    assert b'closed down' in answer.read() + b'closed down'


def test_what_a_killed_server_left_is_removed_by_the_next_one_and_nothing_else(tmp_path):
    killed = Served(tmp_path, '--model', 'telea')
    post(killed.address, 'api/photos', photo=png(np.zeros((9, 9), np.uint8)))
    killed.end(signal.SIGKILL)
    left, = (tmp_path / 'temporary').iterdir()
    assert any(left.iterdir())
    other = tmp_path / 'temporary' / 'mmpconv-server'
    other.mkdir()
    first = Served(tmp_path, '--model', 'telea')
    assert not left.exists() and other.exists()
    second = Served(tmp_path, '--model', 'telea')  # does not take what the first one uses
    assert len(list((tmp_path / 'temporary').iterdir())) == 3
    post(first.address, 'api/photos', photo=png(np.zeros((9, 9), np.uint8)))
    for page in (first, second):
        page.end(signal.SIGINT)
    assert list((tmp_path / 'temporary').iterdir()) == [other]


def test_the_page_is_there_at_once_and_the_network_of_the_package_soon(tmp_path, cat, hole):
    urls = tmp_path / 'urls'
    browser = tmp_path / 'browser'
    browser.write_text(f'#!/bin/sh\necho "$1" >> {urls}\n')
    browser.chmod(0o755)
    page = Served(tmp_path, '--open', BROWSER=f'{browser} %s')
    status = json.load(urllib.request.urlopen(f'{page.address}api/status', timeout=PATIENCE))
    assert status['models'][0]['state'] in ('idle', 'loading')  # nothing heavy is imported before it answers
    filled = np.array(Image.open(io.BytesIO(post(page.address, 'api/fill', photo=png(cat), mask=png(hole)).read())))
    changed = (filled != cat).any(2)
    assert changed[hole].mean() > 0.9 and not changed[~hole].any()
    assert urls.read_text() == f'{page.address}\n'
    status, said, _ = page.end(signal.SIGTERM)
    assert status == 128 + signal.SIGTERM and said == ''


def test_a_network_that_cannot_be_loaded_ends_the_page_with_a_sentence(tmp_path):
    page = Served(tmp_path, '--checkpoint', 'no-such-file.pth')
    said = page.process.communicate(timeout=PATIENCE)[0]
    assert page.process.returncode == 1
    assert said.startswith('error: ') and 'no-such-file.pth' in said and said.count('\n') == 1
    assert not list(page.temporary.iterdir())


def test_a_folder_that_is_in_use_is_not_taken_for_abandoned(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    (tmp_path / 'mmpconv-serve-left').mkdir()
    (tmp_path / 'mmpconv-serve-link').symlink_to(tmp_path)
    with temporary_folder() as first, temporary_folder() as second:
        assert {first, second, tmp_path / 'mmpconv-serve-link'} == set(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == [tmp_path / 'mmpconv-serve-link']


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


def test_a_connection_that_is_cut_off_at_the_end_is_no_error(caplog, store):
    asked = threading.Event()

    async def endless(scope, receive, send):
        asked.set()
        await asyncio.sleep(600)

    with serving(endless, store) as (server, running, address), socket.create_connection(address) as visitor:
        visitor.sendall(b'GET / HTTP/1.1\r\nHost: here\r\n\r\n')
        assert asked.wait(PATIENCE)
        server.should_exit = True
        running.join(PATIENCE)
    assert not running.is_alive() and not [record for record in caplog.records if record.levelno >= logging.WARNING]
