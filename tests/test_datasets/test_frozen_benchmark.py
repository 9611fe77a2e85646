import csv
import hashlib
import io
import json
import pickle
import shutil

import cv2
import numpy as np
import pytest
from benchmark_folders import SIZE, write_benchmark, write_photos
from PIL import Image, ImageOps

from mmpconv.datasets import BenchmarkError, FrozenBenchmark, UnreadableImageError
from mmpconv.datasets.benchmark_files import cut_out, samples_from_csv, samples_to_csv
from mmpconv.photos.structure import encode_png

BOXES = [(10, 20, 64, 96), (7, 9, 32, 48)]


@pytest.fixture
def folder(tmp_path, photo):
    write_benchmark(tmp_path / 'benchmark', write_photos(tmp_path / 'photos', photo), BOXES)
    return tmp_path / 'benchmark'


def test_a_benchmark_is_what_its_files_say(folder):
    benchmark = FrozenBenchmark(folder)
    assert benchmark.name == 'by-hand' and benchmark.size == SIZE and benchmark.bins == ['0.01-0.2']
    assert benchmark.folder == folder and (benchmark.image_root / 'plain.png').is_file()
    first, second = benchmark.samples
    assert (first.id, first.image, first.mask) == ('00000', 'plain.png', 'masks/00000.png')
    assert first.box == BOXES[0] and second.box == BOXES[1]
    assert first.border is True and second.border is False and first.bin == '0.01-0.2'
    assert first.hole_ratio == benchmark.mask(first).mean()


def test_photos_are_upright_cut_out_and_brought_to_the_size(folder, photo):
    benchmark = FrozenBenchmark(folder)
    halved, kept = (benchmark.image(sample) for sample in benchmark.samples)
    blocks = photo[10:74, 20:116].reshape(32, 2, 48, 2, 3).mean(axis=(1, 3))
    assert halved.dtype == np.uint8 and np.abs(halved - blocks).max() <= 0.5
    with Image.open(benchmark.image_root / 'upright.jpg') as file:
        upright = np.array(ImageOps.exif_transpose(file))[..., ::-1]
    assert upright.shape == photo.shape
    # Decoders of JPEG differ in the last digits.
    assert np.abs(kept.astype(int) - upright[7:39, 9:57]).max() <= 4


def test_windows_smaller_than_the_size_are_enlarged_smoothly(photo):
    enlarged = cut_out(photo, (20, 30, 16, 24), SIZE)
    assert (enlarged == cv2.resize(photo[20:36, 30:54], (48, 32), interpolation=cv2.INTER_CUBIC)).all()


def test_convention_white_is_hole_and_hole_is_one(folder, tmp_path, photo):
    masks = write_benchmark(tmp_path / 'other', [tmp_path / 'photos/plain.png'] * 2, BOXES)
    benchmark = FrozenBenchmark(tmp_path / 'other')
    for sample, mask in zip(benchmark.samples, masks):
        assert (benchmark.mask(sample)[..., 0] == mask).all() and benchmark.mask(sample).shape == (*SIZE, 1)
        white = np.array(Image.open(benchmark.folder / sample.mask)) == 255
        assert (white == (mask == 1)).all()


def test_the_fingerprint_is_that_of_the_description(folder):
    content = (folder / 'benchmark.json').read_bytes()
    assert FrozenBenchmark(folder).sha256 == hashlib.sha256(content).hexdigest()


def test_samples_survive_being_written_and_read(folder):
    samples = FrozenBenchmark(folder).samples
    assert samples_from_csv(samples_to_csv(samples)) == samples
    assert 0 < samples[0].hole_ratio != round(samples[0].hole_ratio, 6)


def test_a_benchmark_can_be_sent_to_workers(folder):
    benchmark = pickle.loads(pickle.dumps(FrozenBenchmark(folder)))
    assert benchmark.image(benchmark.samples[0]).shape == (*SIZE, 3)


def test_a_replaced_photo_is_found_when_it_is_loaded(folder, photo):
    benchmark = FrozenBenchmark(folder)
    benchmark.image(benchmark.samples[0])
    changed = photo.copy()
    changed[0, 0, 0] ^= 1  # far outside the window
    cv2.imwrite(str(benchmark.image_root / 'plain.png'), changed)
    with pytest.raises(BenchmarkError, match='photo .*plain.png is not the one that .* was made with: its sha256'):
        benchmark.image(benchmark.samples[0])
    (benchmark.image_root / 'plain.png').write_bytes(b'nothing')
    with pytest.raises(UnreadableImageError, match='plain.png'):
        benchmark.image(benchmark.samples[0])


@pytest.mark.parametrize('content', [b'', b'nothing', 'pixel', 'size'])
def test_a_replaced_mask_is_found_when_it_is_loaded(folder, content):
    benchmark = FrozenBenchmark(folder)
    mask = benchmark.mask(benchmark.samples[1])
    mask[0, 0] ^= 1
    if content == 'pixel':
        content = encode_png(255 * mask)
    elif content == 'size':
        content = encode_png(255 * mask[:-1])
    (folder / 'masks/00001.png').write_bytes(content)
    with pytest.raises(BenchmarkError, match='mask .*00001.png'):
        benchmark.mask(benchmark.samples[1])


def test_photos_may_lie_elsewhere(folder, tmp_path):
    (tmp_path / 'photos').rename(tmp_path / 'moved')
    with pytest.raises(BenchmarkError, match='no folder .*photos.* where .*location.json looks.*image_root=FOLDER'):
        FrozenBenchmark(folder)
    assert FrozenBenchmark(folder, tmp_path / 'moved').image_root == tmp_path / 'moved'
    (folder / 'location.json').unlink()
    assert FrozenBenchmark(folder, str(tmp_path / 'moved')).samples
    with pytest.raises(BenchmarkError, match='location.json, which says where the photos are.*image_root=FOLDER'):
        FrozenBenchmark(folder)


def change_json(folder, **entries):
    description = json.loads((folder / 'benchmark.json').read_text())
    (folder / 'benchmark.json').write_text(json.dumps({**description, **entries}))


def change_samples(folder, change):
    """Change samples.csv, and its hash too."""
    path = folder / 'samples.csv'
    path.write_text(change(path.read_text()))
    change_json(folder, samples_sha256=hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize('damage, message', [
    (shutil.rmtree, 'is no benchmark: there is no file .*benchmark.json.*tools/make_benchmark.py'),
    (lambda f: (f / 'benchmark.json').write_text('[]'), 'benchmark.json is not the description'),
    (lambda f: (f / 'benchmark.json').write_text('{'), 'benchmark.json is not the description'),
    (lambda f: change_json(f, format=2), 'has format 2, and this version reads format 1'),
    (lambda f: (f / 'benchmark.json').write_text('{"format": 1}'), "has no entry 'bins'"),
    (lambda f: (f / 'samples.csv').unlink(), 'samples.csv is missing or was changed'),
    (lambda f: (f / 'samples.csv').write_text('id'), 'samples.csv is missing or was changed since'),
    (lambda f: change_samples(f, lambda text: text.replace('hole_ratio', 'ratio')), 'no column hole_ratio'),
    (lambda f: change_samples(f, lambda text: text.replace(',64,', ',x,')), 'line 2 of samples.csv'),
    (lambda f: change_json(f, masks_sha256='0' * 64), 'samples.csv does not belong to'),
    (lambda f: (f / 'masks/00001.png').unlink(), '1 files .* missing, the first is .*00001.png'),
    (lambda f: (f / '../photos/plain.png').unlink(), '1 files .* missing, the first is .*plain.png.*image_root'),
])
def test_a_damaged_benchmark_is_refused(folder, damage, message):
    damage(folder)
    with pytest.raises(BenchmarkError, match=message):
        FrozenBenchmark(folder)


def change_sample(folder, **values):
    """Change the first line of samples.csv, and its hashes."""
    def change(text):
        rows = list(csv.DictReader(io.StringIO(text)))
        rows[0].update(values)
        changed = io.StringIO()
        writer = csv.DictWriter(changed, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return changed.getvalue()

    change_samples(folder, change)


OUTSIDE = ['/etc/passwd', '../outside', 'a/../../outside', '', 'a\nb', 'a\0b', 'x' * 5000, 'C:/x']


@pytest.mark.parametrize('entries', [
    *(dict(id=path) for path in (*OUTSIDE, '.', '..', 'a/b', 'a\\b', '00001')),
    *(dict(image=path) for path in (*OUTSIDE, '..')), *(dict(mask=path) for path in OUTSIDE),
    *(dict(zip(('top', 'left', 'height', 'width'), box)) for box in (
        (-1, 0, 32, 48), (0, 0, 0, 48), (0, 0, 10**30, 48),
        ('9' * 5000, 0, 32, 48), ('1.5', 0, 32, 48))),
    *(dict(hole_ratio=ratio) for ratio in ('nan', 'inf', '0', '1', '-1', '1e999', '')),
    dict(border='2'), dict(border=''), dict(bin='0.5-0.9'), dict(bin='<script>'), dict(split='X'),
    dict(image_sha256='0'), dict(mask_sha256='../' * 20), dict(image_sha256='A' * 64), dict(id='x' * 200_000)],
    ids=lambda entry: str(entry)[:60])
def test_hostile_samples_are_refused_when_they_are_read(folder, entries):
    change_sample(folder, **entries)
    with pytest.raises(BenchmarkError) as refused:
        FrozenBenchmark(folder)
    assert len(str(refused.value)) < 5500 and '\n' not in str(refused.value).replace('\\n', '')


@pytest.mark.parametrize('entries', [
    *(dict(name=name) for name in (*OUTSIDE, '.', '..', 'a/b', None, 7, ['x'], {'x': 1}, True)),
    *(dict(size=size) for size in ([0, 48], [-32, 48], [32], [32, 48, 3], '32', None, [32.5, 48], [True, 48],
                                   ['32', 48], [10**9, 10**9], [32, None], {'h': 3})),
    *(dict(bins=bins) for bins in (None, 'abc', [1, 2], ['<script>'], ['../x'], [['0.1-0.2']], {'0.1-0.2': 1})),
    dict(samples_sha256=None), dict(samples_sha256=['0']), dict(masks_sha256=7), dict(format=True), dict(format=[1])],
    ids=lambda entry: str(entry)[:60])
def test_hostile_descriptions_are_refused_when_they_are_read(folder, entries):
    change_json(folder, **entries)
    with pytest.raises(BenchmarkError):
        FrozenBenchmark(folder)


@pytest.mark.parametrize('content', [
    b'[' * 100_000, b'{"format": 1' + b' ' * 2**22, b'\xff\xfe', b'', b'null', b'NaN'])
@pytest.mark.parametrize('file', ['benchmark.json', 'location.json', 'samples.csv'])
def test_files_of_a_benchmark_may_hold_anything(folder, file, content):
    (folder / file).write_bytes(content)
    if file == 'samples.csv':
        change_json(folder, samples_sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(BenchmarkError):
        FrozenBenchmark(folder)


@pytest.mark.parametrize('root', [None, 7, ['x'], '\0', 'no such'])
def test_the_place_of_the_photos_may_be_anything(folder, root):
    (folder / 'location.json').write_text(json.dumps(dict(image_root=root)))
    with pytest.raises(BenchmarkError, match='location.json'):
        FrozenBenchmark(folder)


def test_a_window_outside_its_photo_is_refused(folder):
    change_sample(folder, top='120')
    benchmark = FrozenBenchmark(folder)
    with pytest.raises(BenchmarkError, match='window .* is not inside its photo'):
        benchmark.image(benchmark.samples[0])
