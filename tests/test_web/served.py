"""A page that is served to a real browser, and what a visitor does there."""
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
QUIET = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
         '--disable-background-networking', '--disable-component-update']


class Served:
    """``mmpconv serve`` in a process of its own.

    Args:
        folder: With an empty folder ``work`` to work in, and another, ``temporary``, for temporary files.
        arguments: Of the command line.
    """

    def __init__(self, folder, *arguments):
        self.work, self.temporary = folder / 'work', folder / 'temporary'
        for each in (self.work, self.temporary):
            each.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'mmpconv', 'serve', '--port', '0', *map(str, arguments)], cwd=self.work, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, 'PYTHONPATH': str(ROOT), 'TMPDIR': str(self.temporary), 'OMP_NUM_THREADS': '1',
                 'CUDA_VISIBLE_DEVICES': ''})
        self.said = ''
        for line in self.process.stdout:
            self.said += line
            if found := re.search(r'http://\S+', line):
                self.address = found[0]
                break
        else:
            raise RuntimeError(self.said)

    def end(self, number=signal.SIGTERM):
        """End it; returns its exit status, and what it said since it began to serve."""
        self.process.send_signal(number)
        said = self.process.communicate(timeout=20)[0]
        return self.process.returncode, said


@contextmanager
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


class Visitor:
    """Someone in front of the page.

    Attributes:
        complaints: What the browser's console says of errors.
        elsewhere: What the page asked of other hosts.
    """

    def __init__(self, browser, address, **options):
        self.complaints, self.elsewhere = [], []
        self.page = browser.new_context(**{'viewport': dict(width=1280, height=800), **options}).new_page()
        self.page.set_default_timeout(15_000)
        self.page.on('console', lambda said: self._hear(said.text) if said.type == 'error' else None)
        self.page.on('pageerror', lambda error: self._hear(f'{error.name}: {error}'))
        self.page.on('request', lambda request: None if request.url.startswith((address, 'data:', 'blob:'))
                     else self.elsewhere.append(request.url))
        self.page.goto(address)
        self.page.wait_for_function('window.painter')

    def _hear(self, complaint):
        # Gradio's way to close a connection that it needs no longer.
        if not complaint.startswith('AbortError'):
            self.complaints.append(complaint)

    def choose_photo(self, path):
        self.page.set_input_files('#photo input', path)

    def open_photo(self, path):
        self.choose_photo(path)
        self.page.wait_for_function('painter.photo && document.querySelector("#stage .picture").complete')

    def choose_mask(self, path):
        self.page.click('text=Mask from a file')
        self.page.set_input_files('#mask input', path)
        self.page.wait_for_function('painter.mask')

    def paint(self, *points):
        """Drag the mouse along points, each a share of the photo's width and height; returns them in its pixels."""
        self.page.locator('#stage .strokes').scroll_into_view_if_needed()
        box = self.page.locator('#stage .strokes').bounding_box()
        places = [(round(box['x'] + x * box['width']), round(box['y'] + y * box['height'])) for x, y in points]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places:
            self.page.mouse.move(*place, steps=5)
        self.page.mouse.up()
        scale = self.page.evaluate('painter.photo.width') / box['width']
        return [((x - box['x']) * scale, (y - box['y']) * scale) for x, y in places]

    def wait_until(self, x, y, painted):
        """Until the page shows a pixel of the photo as painted, or as not painted."""
        self.page.wait_for_function('''([x, y, painted]) => {
            const canvas = painter.find('strokes'), shown = canvas.width / painter.photo.width;
            const opacity = canvas.getContext('2d').getImageData(x * shown, y * shown, 1, 1).data[3];
            return (opacity > 127) === painted; }''', arg=[x, y, painted])

    def fill(self):
        self.page.click('button:has-text("Fill")')
        self.page.wait_for_selector('.comparison img')

    def press_fill_in_vain(self):
        """The sentence that says why nothing is filled; pressed again while Gradio waits for what was uploaded."""
        while True:
            self.page.click('button:has-text("Fill")')
            told = self.told()
            if not told.startswith('Waiting for file(s)'):
                return told

    def download(self, folder):
        with self.page.expect_download() as download:
            self.page.click('button:has-text("-filled")')
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def told(self):
        """The sentence that the page shows in a corner; it is closed."""
        toast = self.page.wait_for_selector('.toast-body')
        text = toast.query_selector('.toast-text').inner_text()
        # Not by the mouse: Gradio may be taking it away itself.
        toast.evaluate("shown => shown.querySelector('.toast-close')?.click()")
        toast.wait_for_element_state('hidden')
        return text
