"""A page that is served to a real browser, and what a visitor does there."""
import base64
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
QUIET = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
         '--disable-background-networking', '--disable-component-update']
# Seconds that anything may take on a machine that has much else to do; nothing waits for longer than it has to.
PATIENCE = 60
PHONE = dict(viewport=dict(width=390, height=780), device_scale_factor=2, has_touch=True, is_mobile=True)


class Served:
    """``mmpconv serve`` in a process of its own.

    Args:
        folder: In which folders to work in and for temporary files are made.
        arguments: Of the command line.
        environment: Further variables.
    """

    def __init__(self, folder, *arguments, **environment):
        self.work, self.temporary = folder / 'work', folder / 'temporary'
        for each in (self.work, self.temporary):
            each.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'mmpconv', 'serve', '--port', '0', *map(str, arguments)], cwd=self.work, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, 'PYTHONPATH': str(ROOT), 'TMPDIR': str(self.temporary), 'OMP_NUM_THREADS': '1',
                 'CUDA_VISIBLE_DEVICES': '', **environment})
        self.said = ''
        for line in self.process.stdout:
            self.said += line
            if found := re.search(r'http://\S+', line):
                self.address = found[0]
                break
        else:
            raise RuntimeError(self.said)

    def end(self, number=signal.SIGTERM):
        """End it; returns its exit status, what it said since it began to serve, and how many seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        said = self.process.communicate(timeout=PATIENCE)[0]
        return self.process.returncode, said, time.monotonic() - begun


@contextmanager
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET, timeout=1000 * PATIENCE)
        yield browser
        browser.close()


class Visitor:
    """Someone in front of the page. Points are in pixels of the photo.

    Attributes:
        complaints: What the browser's console says of errors.
        elsewhere: What the page asked of other hosts.
    """

    def __init__(self, browser, address, **options):
        self.complaints, self.elsewhere = [], []
        self.context = browser.new_context(**{'viewport': dict(width=1280, height=800), **options})
        self.page = self.context.new_page()
        self.page.set_default_timeout(1000 * PATIENCE)
        self.page.on('console', lambda said: self.complaints.append(said.text) if said.type == 'error' else None)
        self.page.on('pageerror', lambda error: self.complaints.append(f'{error.name}: {error}'))
        self.page.on('request', lambda request: None if request.url.startswith((address, 'data:', 'blob:'))
                     else self.elsewhere.append(request.url))
        self.page.goto(address)
        self.until('window.editor && document.body.dataset.model')

    def get(self, expression, argument=None):
        return self.page.evaluate(expression, argument)

    def until(self, expression, argument=None):
        """Wait for something to be true. (The page's policy forbids Playwright's own way, to evaluate text.)"""
        end = time.monotonic() + PATIENCE
        while not (found := self.get(expression, argument)):
            assert time.monotonic() < end, f'in vain: {expression}, {argument}'
            time.sleep(0.02)
        return found

    def ready(self):
        self.until("document.body.dataset.state === 'ready'")

    def open_photo(self, path):
        self.page.set_input_files('#photo-file', path)
        self.until('name => editor.state.photo?.name === name', Path(path).name)
        self.ready()

    def place_of(self, x, y):
        """Where a point of the photo is on the screen."""
        return self.get('''([x, y]) => { const box = editor.view.canvas.getBoundingClientRect(), {view, state} = editor;
            const scale = view.scale * state.picture.width / state.photo.width;
            return [box.left + view.x + x * scale, box.top + view.y + y * scale]; }''', [x, y])

    def drag(self, *points):
        """With the mouse."""
        self.page.mouse.move(*self.place_of(*points[0]))
        self.page.mouse.down()
        for point in points:
            self.page.mouse.move(*self.place_of(*point), steps=5)
        self.page.mouse.up()

    def set_size(self, size):
        """The diameter of the brush, by keys."""
        for key in '[]':
            while (self.get('editor.state.size') > size) if key == '[' else (self.get('editor.state.size') < size):
                self.page.keyboard.press(key)

    def hole(self):
        """What is marked: `(h, w)` bool."""
        width, height, text = self.get('''() => { const {canvas} = editor.mask, {width, height} = canvas;
            const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
            let text = '';
            for (let i = 3; i < pixels.length; i += 4) text += pixels[i] >= 128 ? '1' : '0';
            return [width, height, text]; }''')
        return np.frombuffer(text.encode(), np.uint8).reshape(height, width) == ord('1')

    def shown(self, x, y):
        """The colour on the screen at a point of the photo."""
        self.get('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')
        return self.get('''([x, y]) => { const {view} = editor, density = view.canvas.width / view.width;
            const box = view.canvas.getBoundingClientRect();
            const at = [(x - box.left) * density, (y - box.top) * density].map(Math.floor);
            return [...view.context.getImageData(...at, 1, 1).data.slice(0, 3)]; }''', self.place_of(x, y))

    def fill(self):
        before = self.get('editor.state.photo.id')
        self.page.click('#fill')
        self.until('before => editor.state.photo.id !== before', before)
        self.ready()

    def download(self, folder, press='#download'):
        with self.page.expect_download() as download:
            self.page.click(press)
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        self.ready()
        return path

    def told(self, which='error'):
        """The sentence that the page shows."""
        return self.until(f'document.getElementById("{which}").textContent')

    def carry(self, path, event):
        """Drop or paste a file."""
        content = base64.b64encode(Path(path).read_bytes()).decode()
        self.get('''([content, name, kind]) => {
            const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0)), carried = new DataTransfer();
            carried.items.add(new File([bytes], name, {type: 'image/png'}));
            const all = {bubbles: true, cancelable: true, dataTransfer: carried, clipboardData: carried};
            document.body.dispatchEvent(new (kind === 'paste' ? ClipboardEvent : DragEvent)(kind, all)); }''',
                 [content, Path(path).name, event])

    def touch(self, *frames):
        """Touch the photo.

        Args:
            frames: Points that are touched at a time, one after the other.
        """
        session = self.context.new_cdp_session(self.page)
        before = []
        for frame in (*frames, []):
            points = [dict(x=x, y=y, id=number) for number, (x, y) in enumerate(frame)]
            kind = 'touchEnd' if len(frame) < len(before) else 'touchStart' if len(frame) > len(before) else 'touchMove'
            session.send('Input.dispatchTouchEvent', dict(type=kind, touchPoints=points))
            before = frame
        session.detach()
