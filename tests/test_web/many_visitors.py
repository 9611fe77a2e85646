"""Several visitors fill photos again and again: does the memory of the server stay what it is?

    python tests/test_web/many_visitors.py --clients 8 --fills 25

Prints the memory of the server (resident, in MB) after each round in which every client has filled once. Each client
opens a photo, fills holes in what was filled before, downloads it every fifth time, opens another one, and now and then
leaves in the midst of a filling.
"""
import argparse
import io
import json
import tempfile
import threading
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from served import PATIENCE, Served


def resident_mb(pid):
    line, = [line for line in Path(f'/proc/{pid}/status').read_text().splitlines() if line.startswith('VmRSS')]
    return int(line.split()[1]) / 1024


class Client:
    """One visitor, with photos of his own."""

    def __init__(self, address, number, shape):
        self.http, self.rng, self.shape = httpx.Client(base_url=address, timeout=PATIENCE * 5), np.random.default_rng(
            number), shape
        self.photo, self.truth, self.fills = None, None, 0

    def fill(self):
        if self.photo is None or self.fills % 10 == 9:
            self.open()
        (h, w), (y, x) = self.rng.integers(5, 60, 2), self.rng.integers(0, np.array(self.shape) - 60)
        mask = dict(files={'mask': ('mask.png', png(np.full((h, w), 255, np.uint8)))}, data={'place': f'{x},{y}'})
        if self.fills % 7 == 6:  # leave in the midst of it
            with self.http.stream('POST', f'/api/photos/{self.photo}/fill', **mask) as answer:
                next(answer.iter_lines())
        answer = self.http.post(f'/api/photos/{self.photo}/fill', **mask).raise_for_status()
        self.photo = json.loads(answer.text.splitlines()[-1])['photo']['id']
        self.http.get(f'/api/photos/{self.photo}/preview', params=dict(box=f'{x},{y},{w},{h}')).raise_for_status()
        self.hole[y:y + h, x:x + w] = True
        self.fills += 1
        if self.fills % 5 == 0:
            got = np.array(Image.open(io.BytesIO(self.http.get(f'/api/photos/{self.photo}/file').content)))
            assert (got == self.truth)[~self.hole].all(), 'a valid pixel has changed'

    def open(self):
        self.truth = self.rng.integers(256, size=(*self.shape, 3), dtype=np.uint8)
        self.hole = np.zeros(self.shape, bool)
        if self.photo:  # as the page does
            self.http.delete(f'/api/photos/{self.photo}').raise_for_status()
        answer = self.http.post('/api/photos', files={'photo': ('photo.png', png(self.truth))}).raise_for_status()
        self.photo = answer.json()['id']
        self.http.get(f'/api/photos/{self.photo}/preview').raise_for_status()


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, 'PNG', compress_level=1)
    return file.getvalue()


def visit(folder, clients, fills, shape=(600, 800), model='network', max_disk=30):
    """Returns the memory of the server after each round, in MB, and the bytes in its folder at the end."""
    page = Served(folder, '--model' if model != 'network' else '--keep', model if model != 'network' else 60,
                  '--max-disk', max_disk)
    try:
        visitors, memory, errors = [Client(page.address, number, shape) for number in range(clients)], [], []

        def fill(visitor):
            try:
                visitor.fill()
            except Exception as error:
                errors.append(error)

        for _ in range(fills):
            threads = [threading.Thread(target=fill, args=(visitor,)) for visitor in visitors]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if errors:
                raise errors[0]
            memory.append(resident_mb(page.process.pid))
        return memory, sum(path.stat().st_size for path in page.temporary.rglob('*') if path.is_file())
    finally:
        page.end()


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--clients', type=int, default=8)
    parser.add_argument('--fills', type=int, default=25, help='of each client')
    parser.add_argument('--model', default='network')
    parser.add_argument('--size', type=int, nargs=2, default=(600, 800), metavar=('HEIGHT', 'WIDTH'))
    parser.add_argument('--max-disk', type=int, default=2000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        memory, disk = visit(Path(folder), args.clients, args.fills, tuple(args.size), args.model, args.max_disk)
    for number, megabytes in enumerate(memory, 1):
        print(f'after {number:3} fillings of each of {args.clients}: {megabytes:7.1f} MB')
    print(f'on disk: {disk / 2**20:.1f} MB')
