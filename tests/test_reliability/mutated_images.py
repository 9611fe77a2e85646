"""Damaged pictures at every entrance: each is used, or refused in one sentence; nothing else happens.

    python tests/test_reliability/mutated_images.py --count 500 --seed 0
"""
import argparse
import contextlib
import faulthandler
import io
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ENTRANCES: dict[str, Callable] = {}


def pictures(rng: np.random.Generator) -> dict[str, bytes]:
    """Whole files of many kinds by suffix and kind, `(48, 64)`."""
    rgb = cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (64, 48), interpolation=cv2.INTER_CUBIC)
    color, exif = Image.fromarray(rgb), Image.Exif()
    exif[0x0112] = 6
    alpha = Image.fromarray(np.dstack([rgb, rgb[..., 1]]))
    kinds = [('jpg', color, dict(quality=90)), ('jpg', color, dict(progressive=True, exif=exif)),
             ('jpg', color.convert('L'), {}), ('jpg', color.convert('CMYK'), {}),
             ('png', color, {}), ('png', alpha, {}),
             ('png', color.convert('P'), {}), ('png', color.convert('1'), {}), ('tif', color, {}),
             ('tif', color, dict(compression='tiff_lzw')), ('tif', color, dict(compression='jpeg')),
             ('tif', color.convert('L'), dict(compression='tiff_adobe_deflate')), ('webp', color, {}),
             ('webp', alpha, dict(lossless=True)), ('bmp', color, {}), ('bmp', color.convert('P'), {}),
             ('gif', color.convert('P'), {}), ('ppm', color, {})]
    files = {}
    for number, (suffix, image, options) in enumerate(kinds):
        file = io.BytesIO()
        image.save(file, {'jpg': 'JPEG', 'tif': 'TIFF'}.get(suffix, suffix.upper()), **options)
        files[f'{number}.{suffix}'] = file.getvalue()
    for suffix in ('png', 'tif'):
        files[f'deep.{suffix}'] = cv2.imencode(f'.{suffix}', rgb.astype(np.uint16) * 257)[1].tobytes()
    return files


def mutated(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A file with one to three kinds of damage."""
    for _ in range(rng.integers(1, 4)):
        data = bytearray(content)
        at = int(rng.integers(len(data) or 1)) if rng.random() < 0.5 else int(rng.integers(min(len(data), 64) or 1))
        length = int(rng.integers(1, 40))
        kind = rng.integers(8)
        if kind == 0:
            data = data[:at]
        elif kind == 1:
            for place in rng.integers(len(data) or 1, size=length):
                data[place:place + 1] = bytes([rng.integers(256)])
        elif kind == 2:
            data[at:at + length] = bytes(length)
        elif kind == 3:
            data[at:at + 4] = b'\xff\xff\xff\xff'  # sizes and offsets
        elif kind == 4:
            data[at:at] = rng.bytes(length)
        elif kind == 5:
            del data[at:at + length]
        elif kind == 6:
            data[at:] = other[at:]
        else:
            data[at:at] = data[max(0, at - 200):at]
        content = bytes(data)
    return content


def entrance(function: Callable) -> Callable:
    """A way in: a function of a damaged file and a folder of good ones; it returns a sentence, or '' if it is used."""
    ENTRANCES[function.__name__] = function
    return function


def _ended(main: Callable, *arguments) -> str:
    """What a command line complains of."""
    out, err, status = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO()), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
    err.flush()
    said = status if isinstance(status, str) else err.buffer.getvalue().decode()
    assert status in (0, 1, 3, None) or isinstance(status, str), f'exit status {status}: {said}'
    assert 'Traceback' not in said, said
    if status not in (0, None):
        assert said.startswith('error: '), said
        return said
    return ''


@entrance
def inpaint_photo(path: Path, good: Path) -> str:
    from mmpconv.cli import main

    return _ended(main, 'inpaint', path, good / 'mask.png', '-o', good / 'out.png', '--resize-mask', '--max-pixels',
                  10**6)


@entrance
def inpaint_mask(path: Path, good: Path) -> str:
    from mmpconv.cli import main

    return _ended(main, 'inpaint', good / 'photos/a.png', path, '-o', good / 'out.png', '--resize-mask', '--max-pixels',
                  10**6)


@entrance
def dataset_photo(path: Path, good: Path) -> str:
    from mmpconv.datasets import LoadImageFromFile, UnreadableImageError

    try:
        image = LoadImageFromFile(key='gt')({'gt_path': str(path)})['gt']
    except UnreadableImageError as error:
        return str(error)
    assert image.dtype == np.uint8 and image.shape[2] == 3
    return ''


@entrance
def dataset_mask(path: Path, good: Path) -> str:
    from mmpconv.datasets import LoadMask

    try:
        mask = LoadMask('file').transform({'mask_path': str(path)})['mask']
    except ValueError as error:
        return str(error)
    assert mask.dtype == np.uint8 and set(np.unique(mask)) <= {0, 1}
    return ''


@entrance
def make_benchmark(path: Path, good: Path) -> str:
    from mmpconv.cli import main

    (good / 'list.txt').write_text(f'photos/a.png\n{path.relative_to(good)}\n')
    return _ended(main, 'make-benchmark', good, good / 'benchmark', '--list', good / 'list.txt', '--masks', 'boxes',
                  '--per-bin', 1, '--size', 16, 16, '--bins', 0.1, 0.2, '--jobs', 1, '--force')


@entrance
def page(path: Path, good: Path) -> str:
    from starlette.testclient import TestClient

    from mmpconv.web.app import build_app
    from mmpconv.web.filling import Fills, Model, Models
    from mmpconv.web.storage import PhotoStore

    store = PhotoStore(good, max_pixels=10**6, max_bytes=10**9, keep=3600)
    app, said = build_app(store, Fills(Models([Model('none', '', '')], dict)), 10**8), ''
    with TestClient(app, base_url='http://localhost') as client:
        def send(address, **files):
            nonlocal said
            answer = client.post(address, files={name: file.read_bytes() for name, file in files.items()})
            said = said or (answer.json()['error'] if answer.status_code >= 400 else '')
            return answer

        photo = send('/api/photos', photo=path)
        if photo.status_code == 201:
            client.get(f'/api/photos/{photo.json()["id"]}/preview').raise_for_status()
            client.get(f'/api/photos/{photo.json()["id"]}/file').raise_for_status()
        photo_id = send('/api/photos', photo=good / 'photos/a.png').json()['id']
        send(f'/api/photos/{photo_id}/mask', mask=path)
    return said


@contextlib.contextmanager
def _one_color() -> Iterator[None]:
    """`mmpconv inpaint` with a network that needs no weights."""
    import mmpconv.apis
    from mmpconv.apis.inpainter import Inpainter
    from mmpconv.apis.networks import FillingNetwork

    class Grey(FillingNetwork):
        size, device = 64, 'cpu'

        def __call__(self, images, holes):
            return np.full(images.shape, 0.5, np.float32), np.ones_like(holes)

    before = mmpconv.apis.Inpainter
    mmpconv.apis.Inpainter = lambda *arguments, tile_size, max_pixels: Inpainter(
        Grey(), tile_size=tile_size, max_pixels=max_pixels)
    try:
        yield
    finally:
        mmpconv.apis.Inpainter = before


def campaign(count: int, seed: int) -> dict[str, Counter]:
    """Send damaged pictures through all entrances.

    Returns:
        dict: How many were used and how many refused, by entrance.

    Raises:
        AssertionError: One had another end; the message says which, and ``BaseException.__cause__`` what.
    """
    faulthandler.enable()
    rng, ends = np.random.default_rng(seed), {name: Counter() for name in ENTRANCES}
    with tempfile.TemporaryDirectory() as folder, _one_color():
        good = Path(folder)
        (good / 'photos').mkdir()
        whole = pictures(rng)
        (good / 'photos/a.png').write_bytes(whole['4.png'])
        cv2.imwrite(str(good / 'mask.png'), np.pad(np.full((10, 20), 255, np.uint8), ((10, 28), (20, 24))))
        names = list(whole)
        for number in range(count):
            name = names[number % len(names)]
            path = good / 'photos' / f'damaged-{name}'
            path.write_bytes(mutated(whole[name], whole[names[rng.integers(len(names))]], rng))
            for entrance_name, enter in ENTRANCES.items():
                try:
                    said = enter(path, good)
                    assert len(said.splitlines()) <= 3 and len(said) < 2000, said
                except Exception as error:
                    raise AssertionError(f'picture {number} of seed {seed} ({name}) at {entrance_name}: '
                                         f'{type(error).__name__}: {error}') from error
                ends[entrance_name]['refused' if said else 'used'] += 1
            path.unlink()
    return ends


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--count', type=int, default=500)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    json.dump(campaign(args.count, args.seed), sys.stdout, indent=1)
