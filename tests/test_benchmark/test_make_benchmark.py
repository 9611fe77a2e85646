"""Making and verifying of benchmarks, by the command line."""
import csv
import hashlib
import json
import shutil
from collections import Counter

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmpconv.benchmark.making import make
from mmpconv.benchmark.making.masks import BORDERS, GENERATORS, draw_mask, mask_classes, move_to_border
from mmpconv.benchmark.making.photos import window
from mmpconv.cli import main
from mmpconv.cli.main import parser_of
from mmpconv.datasets import FrozenBenchmark
from mmpconv.errors import LaunchError
from mmpconv.evaluation.hole_bins import BIN_EDGES

SMALL = ['--masks', 'occlusion', '--per-bin', '2', '--size', '48', '64', '--jobs', '1']


@pytest.fixture
def photos(tmp_path):
    """Five photos in two folders, as uncompressed files, which are the same bytes on every machine."""
    photo = skimage.data.chelsea()[:120, :160, ::-1]
    folder = tmp_path / 'photos'
    (folder / 'more').mkdir(parents=True)
    for number, name in enumerate(['b.bmp', 'a.bmp', 'more/C.BMP', 'more/d.bmp', '10.bmp']):
        cv2.imwrite(str(folder / name), np.roll(photo, 30 * number, axis=1))
    return folder


@pytest.fixture
def mask_folder(tmp_path):
    """Masks of 96 x 128: three a class of the bins 0.1-0.2 and 0.2-0.3, off and on the border."""
    folder = tmp_path / 'mask files'
    folder.mkdir()
    for number in range(12):
        mask = np.zeros((96, 128), np.uint8)
        top = 0 if number % 2 else 20
        mask[top:top + 30 + number, 20:20 + (60 if number < 6 else 85)] = 255
        cv2.imwrite(str(folder / f'{number}.png'), mask)
    return folder


TWO_BINS = ['--bins', '0.1', '0.2', '0.3', '--size', '48', '64']


def read(folder):
    """The lines of samples.csv."""
    return list(csv.DictReader((folder / 'samples.csv').open()))


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def refusal(capsys, *args):
    """The sentence with which a command ends."""
    with pytest.raises(SystemExit) as ended:
        main(['make-benchmark', *map(str, args)])
    assert isinstance(ended.value.code, str) and ended.value.code.startswith('error: ')
    return ended.value.code


def run(*args):
    main(['make-benchmark', *map(str, args)])


@pytest.mark.parametrize('masks', ['occlusion', 'files'])
def test_the_same_inputs_give_the_same_bytes_elsewhere_and_with_more_jobs(tmp_path, photos, mask_folder, masks):
    other = tmp_path / 'elsewhere'
    # Files that were made in another order, which is what some file systems list them in.
    for name in sorted(files(photos), reverse=True):
        (other / 'photos' / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photos / name, other / 'photos' / name)
    for name in sorted(files(mask_folder), reverse=True):
        (other / 'masks').mkdir(exist_ok=True)
        shutil.copy(mask_folder / name, other / 'masks' / name)
    options = ['--per-bin', '2', '--crop', 'random', *TWO_BINS, '--size', '48', '48']
    run(photos, tmp_path / 'x/name', '--masks', mask_folder if masks == 'files' else masks, '--jobs', '1', *options)
    run(other / 'photos', other / 'name', '--masks', other / 'masks' if masks == 'files' else masks, '--jobs', '2',
        *options)
    first, second = files(tmp_path / 'x/name'), files(other / 'name')
    assert json.loads(first.pop('location.json')) == dict(image_root='../../photos')
    assert json.loads(second.pop('location.json')) == dict(image_root='../photos')
    assert first == second and len(first) == 10


def test_a_benchmark_of_a_seed_stays_the_same(tmp_path):
    """Golden: the masks are drawn with integers, windows and photos are chosen with integers, and the photos are BMP.

    Accept a wanted change by copying the value that the failure shows.
    """
    photo = np.arange(64 * 80 * 3, dtype=np.uint32).reshape(64, 80, 3)
    (tmp_path / 'drawn').mkdir()
    for number in range(3):
        cv2.imwrite(str(tmp_path / f'drawn/{number}.bmp'), (photo * (number + 1) % 251).astype(np.uint8))
    run(tmp_path / 'drawn', tmp_path / 'golden', *SMALL, '--crop', 'random')
    golden = '226cce080ee0c151a4f6a03827b77b71d8cfcab5c5a51248c578e12315615422'
    assert FrozenBenchmark(tmp_path / 'golden').sha256 == golden


def test_another_seed_chooses_other_masks_and_photos(tmp_path, photos):
    for seed in (0, 1):
        run(photos, tmp_path / f'seed{seed}', *SMALL, '--seed', seed)
    first, second = read(tmp_path / 'seed0'), read(tmp_path / 'seed1')
    assert not {row['mask_sha256'] for row in first} & {row['mask_sha256'] for row in second}
    assert [row['image'] for row in first] != [row['image'] for row in second]


def test_every_class_has_as_many_samples_and_every_photo_is_used_equally_often(tmp_path, photos):
    run(photos, tmp_path / 'out', *SMALL)
    rows = read(tmp_path / 'out')
    bins = ['0.01-0.1', '0.1-0.2', '0.2-0.3', '0.3-0.4', '0.4-0.5', '0.5-0.6']
    assert Counter((row['bin'], row['border']) for row in rows) == {(b, on): 2 for b in bins for on in '01'}
    uses = Counter(row['image'] for row in rows)
    assert set(uses) == {'10.bmp', 'a.bmp', 'b.bmp', 'more/C.BMP', 'more/d.bmp'} and set(uses.values()) == {4, 5}
    for row in rows:
        mask = np.array(Image.open(tmp_path / 'out' / row['mask']))
        low, high = map(float, row['bin'].split('-'))
        assert mask.dtype == bool and mask.shape == (48, 64)
        assert float(row['hole_ratio']) == mask.mean() and low < mask.mean() <= high
        assert mask[1:-1, 1:-1].sum() == mask.sum() or row['border'] == '1'
        assert mask[1:-1, 1:-1].sum() < mask.sum() or row['border'] == '0'
        assert row['image_sha256'] == hashlib.sha256((photos / row['image']).read_bytes()).hexdigest()
        assert row['mask_sha256'] == hashlib.sha256(mask.astype(np.uint8).tobytes()).hexdigest()
        assert [int(row[key]) for key in ('top', 'left', 'height', 'width')] == [0, 0, 120, 160]


@pytest.mark.parametrize('border, classes', [('off', {'0'}), ('on', {'1'})])
def test_one_kind_of_border_can_be_left_out(tmp_path, photos, border, classes):
    run(photos, tmp_path / 'out', *SMALL, '--border', border)
    rows = read(tmp_path / 'out')
    assert len(rows) == 12 and {row['border'] for row in rows} == classes


@pytest.mark.parametrize('generator', GENERATORS)
def test_every_generator_fills_every_class(generator):
    classes = mask_classes((0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6), 'both')
    for number, wanted in enumerate([*classes, *mask_classes((0.01, 0.1, 0.4, 0.5), 'paper')]):
        mask = draw_mask(generator, np.random.default_rng(number), wanted, (64, 80))
        outermost, frame = mask.sum() - mask[1:-1, 1:-1].sum(), mask.sum() - mask[6:-6, 6:-6].sum()
        assert wanted.low < mask.mean() <= wanted.high
        assert dict(off=outermost == 0, on=outermost > 0, N=True, B=frame == 0)[wanted.kind]


@pytest.mark.parametrize('generator', GENERATORS)
def test_every_generator_refuses_a_class_without_masks(generator):
    wanted, = mask_classes((0.9, 0.95), 'off')
    with pytest.raises(LaunchError, match=f'{generator} cannot fill the class.*0.9-0.95.*change --bins'):
        draw_mask(generator, np.random.default_rng(0), wanted, (48, 64))


def test_the_papers_split_has_unrestricted_masks_and_masks_off_the_border(tmp_path, photos):
    """Some of the unrestricted ones touch the border and some do not; those off it keep 50 of 512 pixels away."""
    run(photos, tmp_path / 'out', *SMALL, '--per-bin', '6', '--bins', '0.01', '0.05', '--border', 'paper')
    rows = read(tmp_path / 'out')
    assert [row['split'] for row in rows] == ['N'] * 6 + ['B'] * 6
    assert {row['border'] for row in rows[:6]} == {'0', '1'} and {row['border'] for row in rows[6:]} == {'0'}
    for row in rows[6:]:
        mask = np.array(Image.open(tmp_path / 'out' / row['mask']))
        assert mask[5:-5, 5:-5].sum() == mask.sum()
    benchmark = FrozenBenchmark(tmp_path / 'out')
    assert [sample.split for sample in benchmark.samples] == ['N'] * 6 + ['B'] * 6
    assert json.loads((tmp_path / 'out/benchmark.json').read_text())['settings']['border'] == ['N', 'B']


def test_mask_files_near_the_border_are_unrestricted_only(tmp_path, photos, mask_folder):
    """Those of the fixture that keep off the border begin 20 of 96 rows below it, all others at it."""
    run(photos, tmp_path / 'out', '--masks', mask_folder, '--per-bin', '3', *TWO_BINS, '--border', 'paper')
    rows = read(tmp_path / 'out')
    assert {row['border'] for row in rows if row['split'] == 'B'} == {'0'} and len(rows) == 12
    near = np.zeros((96, 128), np.uint8)
    near[4:40, 40:100] = 255  # neither on the border nor far enough off it
    for path in mask_folder.iterdir():
        cv2.imwrite(str(path), np.roll(near, int(path.stem) - 6, axis=1))
    with pytest.raises(SystemExit, match='0.1-0.2, holes not near the border: 0'):
        run(photos, tmp_path / 'no', '--masks', mask_folder, '--per-bin', '3', '--bins', '0.1', '0.2', '--size', '48',
            '64', '--border', 'paper')


def test_convention_the_upper_edge_belongs_to_a_bin():
    lower, upper = mask_classes((0.1, 0.2, 0.3), 'off')
    assert not lower.holds(0.1, False, False) and lower.holds(np.nextafter(0.1, 1), False, False)
    assert lower.holds(0.2, False, True) and not upper.holds(0.2, False, False) and not lower.holds(0.2, True, True)
    # 10 x 10 pixels: 0.1 is 10 of them.
    assert lower.closed_range(100) == (0.11, 0.2) and lower.closed_range(99)[0] == 10 / 99


def test_a_hole_is_moved_to_a_side_as_it_is():
    mask = np.zeros((30, 40, 1), np.uint8)
    mask[8:12, 9:20] = mask[12:15, 9:11] = 1
    sides = set()
    for seed in range(40):
        moved = move_to_border(mask, np.random.default_rng(seed))
        rows, columns = (np.flatnonzero(moved.any(axis=axes)) for axes in ((1, 2), (0, 2)))
        assert (moved[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1] == mask[8:15, 9:20]).all()
        sides.add((rows[0] == 0, rows[-1] == 29, columns[0] == 0, columns[-1] == 39))
    assert sorted(map(sum, sides)) == [1, 1, 1, 1]
    assert move_to_border(moved, np.random.default_rng(0)) is moved


@given(st.integers(10, 200), st.integers(10, 200), st.integers(1, 64), st.integers(1, 64), st.integers(0, 99))
def test_windows_are_the_largest_of_their_aspect(height, width, h, w, number):
    top, left, tall, wide = window((height, width), (h, w), 'random', 0, number)
    scale = min(height / h, width / w)
    assert abs(tall - scale * h) <= 0.5 + 1e-9 and abs(wide - scale * w) <= 0.5 + 1e-9
    assert 0 <= top <= height - tall and 0 <= left <= width - wide
    centre = window((height, width), (h, w), 'center', 0, number)
    assert centre[2:] == (tall, wide) and abs(2 * centre[0] + tall - height) <= 1 >= abs(2 * centre[1] + wide - width)


def test_random_windows_reach_both_ends():
    tops = {window((50, 40), (10, 10), 'random', 0, number)[0] for number in range(200)}
    assert tops == set(range(11))


def test_photos_of_all_kinds_are_taken(tmp_path):
    folder = tmp_path / 'photos'
    folder.mkdir()
    photo = Image.fromarray(skimage.data.chelsea()[:100, :140])
    photo.save(folder / 'colour.png')
    photo.convert('L').save(folder / 'grey.png')
    photo.convert('CMYK').save(folder / 'cmyk.jpg')
    photo.convert('P').save(folder / 'palette.png')
    cv2.imwrite(str(folder / 'deep.png'), np.array(photo)[..., ::-1].astype(np.uint16) * 257)
    run(folder, tmp_path / 'out', *SMALL)
    benchmark = FrozenBenchmark(tmp_path / 'out')
    images = {sample.image: benchmark.image(sample).astype(int) for sample in benchmark.samples}
    assert len(images) == 5
    assert (images['deep.png'] == images['colour.png']).all()
    for name in ('grey.png', 'cmyk.jpg', 'palette.png'):
        assert np.abs(images[name].mean(axis=2) - images['colour.png'].mean(axis=2)).mean() < 15


def test_a_list_chooses_photos(tmp_path, photos):
    (tmp_path / 'list.txt').write_text('/more/d.bmp 17\n\n./a.bmp\n')
    run(photos, tmp_path / 'out', *SMALL, '--list', tmp_path / 'list.txt')
    assert {row['image'] for row in read(tmp_path / 'out')} == {'a.bmp', 'more/d.bmp'}


def test_mask_files_are_used_as_they_are_at_the_size(tmp_path, photos, mask_folder):
    run(photos, tmp_path / 'out', '--masks', mask_folder, '--per-bin', '3', *TWO_BINS)
    files = {cv2.resize(cv2.imread(str(path), 0), (64, 48), interpolation=cv2.INTER_NEAREST_EXACT).tobytes()
             for path in mask_folder.iterdir()}
    masks = [cv2.imread(str(tmp_path / 'out' / row['mask']), 0).tobytes() for row in read(tmp_path / 'out')]
    assert len(set(masks)) == 12 and set(masks) == files


def test_black_holes_need_a_word(tmp_path, photos, mask_folder):
    inverted = tmp_path / 'inverted'
    inverted.mkdir()
    for path in mask_folder.iterdir():
        cv2.imwrite(str(inverted / path.name), 255 - cv2.imread(str(path), 0))
    for name, options in (('white', [mask_folder]), ('black', [inverted, '--invert-masks'])):
        run(photos, tmp_path / name, '--per-bin', '3', *TWO_BINS, '--masks', *options)
    assert (tmp_path / 'white/samples.csv').read_bytes() == (tmp_path / 'black/samples.csv').read_bytes()


def test_too_few_masks_are_refused_or_mirrored(tmp_path, photos, mask_folder, capsys):
    options = [photos, tmp_path / 'out', '--masks', mask_folder, '--per-bin', '13', *TWO_BINS]
    message = refusal(capsys, *options)
    assert 'hole ratio 0.2-0.3, holes touching the border: 3' in message and '--reuse-masks' in message
    run(*options, '--reuse-masks')
    rows = [row for row in read(tmp_path / 'out') if row['bin'] == '0.2-0.3' and row['border'] == '1']
    masks = [cv2.imread(str(tmp_path / 'out' / row['mask']), 0) for row in rows]
    for flipped, first in ((masks[3], masks[0][:, ::-1]), (masks[6], masks[0][::-1]), (masks[9], masks[0][::-1, ::-1]),
                           (masks[12], masks[0]), (masks[5], masks[2][:, ::-1])):
        assert (flipped == first).all()
    assert len({mask.tobytes() for mask in masks}) == 12


def test_an_empty_class_cannot_be_filled_by_using_masks_again(tmp_path, photos, mask_folder, capsys):
    message = refusal(capsys, photos, tmp_path / 'out', '--masks', mask_folder, '--per-bin', '1', '--reuse-masks',
                      '--size', '48', '64', '--bins', '0.1', '0.2', '0.9', '0.95')
    assert 'hole ratio 0.9-0.95, holes off the border: 0' in message and 'hole ratio 0.1-0.2' not in message


def test_masks_and_photos_of_the_same_content_are_told(tmp_path, photos, mask_folder, capsys):
    shutil.copy(mask_folder / '3.png', mask_folder / 'again.png')
    shutil.copy(photos / 'a.bmp', photos / 'z.bmp')
    run(photos, tmp_path / 'out', '--masks', mask_folder, '--per-bin', '3', *TWO_BINS)
    warnings = capsys.readouterr().err
    assert 'a.bmp = z.bmp' in warnings and '1 of 13 masks are the same as others' in warnings


def shrink(path):
    cv2.imwrite(str(path), np.zeros((40, 100, 3), np.uint8))


@pytest.mark.parametrize('damage, options, message', [
    (shutil.rmtree, [], 'photos is to be the folder of the photos, but there is no such folder'),
    (lambda p: [path.unlink() for path in p.rglob('*.*') if path.is_file()], [], 'there are no photos in .*photos'),
    (lambda p: (p / 'a.bmp').write_bytes(b''), [],
     '(?s)1 of 5 photos cannot be read.*--list:.*a.bmp: the file is empty'),
    (lambda p: (p / 'x.jpg').write_bytes(cv2.imencode('.jpg', np.zeros((90, 90)))[1].tobytes()[:-9]), [],
     '(?s)1 of 6 photos.*x.jpg: it is cut off'),
    (lambda p: shrink(p / 'b.bmp'), [], '(?s)1 of 5 photos are smaller than 48 x 64.*--size.*b.bmp: 40 x 100'),
    (None, ['--per-bin', '0'], '--per-bin is 0 but must be at least 1'),
    (None, ['--size', '0', '64'], '--size is 0'),
    (None, ['--jobs', '0'], '--jobs is 0'),
    (None, ['--seed', '-1'], '--seed is -1'),
    (None, ['--bins', '0.2', '0.1'], '--bins is 0.2 0.1 but must be two or more ascending'),
    (None, ['--bins', '0.1', '1.1'], 'between 0 and 1'),
    (None, ['--bins', '0.9', '0.95'], 'cannot fill the class "hole ratio 0.9-0.95, holes off the border": no mask'),
    (None, ['--masks', 'circles'], '--masks is circles, which is neither a folder nor one of occlusion, irregular'),
    (None, ['--invert-masks'], 'for a folder of masks, but --masks is occlusion'),
    (None, ['--list', 'no.txt'], '--list no.txt cannot be read'),
])
def test_bad_input_is_refused_before_anything_is_written(tmp_path, photos, capsys, damage, options, message):
    if damage:
        damage(photos)
    text = refusal(capsys, photos, tmp_path / 'out', *SMALL, *options)
    with pytest.raises(ValueError, match=message):
        raise ValueError(text)
    assert {path.name for path in tmp_path.iterdir()} <= {'photos'}


@pytest.mark.parametrize('text, message', [
    ('a.bmp\nb.bmp\n./a.bmp\n', 'lines 1 and 3 of .* are the same photo a.bmp'),
    ('a.bmp\ngone.bmp 3\n', "line 2 of .* is 'gone.bmp 3', and there is no such file"),
    ('more/../../photos/a.bmp\n', 'line 1 .* leaves'),
    ('\n \n', 'names no photo'),
])
def test_faults_of_a_list_are_named(tmp_path, photos, capsys, text, message):
    (tmp_path / 'list.txt').write_text(text)
    with pytest.raises(ValueError, match=message):
        raise ValueError(refusal(capsys, photos, tmp_path / 'out', *SMALL, '--list', tmp_path / 'list.txt'))


@pytest.mark.parametrize('value, message', [(255, 'all of it is hole'), (0, 'there is no hole'),
                                            (None, 'it is no picture of a known format')])
def test_masks_that_are_none_are_named(tmp_path, photos, mask_folder, capsys, value, message):
    path = mask_folder / '5.png'
    if value is None:
        path.write_bytes(b'nothing')
    else:
        cv2.imwrite(str(path), np.full((96, 128), value, np.uint8))
    text = refusal(capsys, photos, tmp_path / 'out', '--masks', mask_folder, '--per-bin', '1', *TWO_BINS)
    assert '1 of 12 masks' in text and f'5.png: {message}' in text.replace('it is empty, ', '')


def test_masks_among_the_photos_are_not_taken_for_photos(tmp_path, photos, mask_folder, capsys):
    mask_folder.rename(photos / 'masks')
    text = refusal(capsys, photos, tmp_path / 'out', '--masks', photos / 'masks', '--per-bin', '1', *TWO_BINS)
    assert '--masks is' in text and 'which lies in the folder of the photos' in text
    assert 'OUT is' in refusal(capsys, photos, photos / 'out', *SMALL)


def test_help_names_what_there_is():
    """It is written out there, so that it is shown without an import of all that draws."""
    parser = parser_of('make-benchmark')
    text = ' '.join(parser.format_help().split())
    assert f'or one of {", ".join(GENERATORS)}' in text.replace('- ', '-')
    assert f'default: {" ".join(f"{edge:g}" for edge in BIN_EDGES)} ' in text
    assert {action.dest: action.choices for action in parser._actions}['border'] == list(BORDERS)


def test_what_is_left_out_on_the_command_line_is_named(capsys):
    assert 'OUT, --per-bin is not given; for example: mmpconv make-benchmark' in refusal(
        capsys, 'photos', '--masks', 'boxes')


def test_a_benchmark_is_replaced_only_by_force(tmp_path, photos, capsys):
    out = tmp_path / 'out'
    run(photos, out, *SMALL)
    before = files(out)
    assert 'is a benchmark already' in refusal(capsys, photos, out, *SMALL, '--seed', '1')
    assert files(out) == before
    run(photos, out, *SMALL, '--seed', '1', '--force')
    assert FrozenBenchmark(out).sha256 != hashlib.sha256(before['benchmark.json']).hexdigest()
    assert {path.name for path in tmp_path.iterdir()} == {'photos', 'out'}


@pytest.mark.parametrize('name', ['notes.txt', 'masks/notes.txt', None])
def test_what_is_no_benchmark_is_never_replaced(tmp_path, photos, capsys, name):
    out = tmp_path / 'out'
    if name:
        run(photos, out, *SMALL)
        (out / name).write_text('precious')
    else:
        (out / 'masks').mkdir(parents=True)
        (out / 'masks/mine.png').write_text('precious')
    before = files(out)
    assert 'which is never replaced' in refusal(capsys, photos, out, *SMALL, '--force')
    assert files(out) == before
    (tmp_path / 'file').write_text('')
    assert 'file is a file' in refusal(capsys, photos, tmp_path / 'file', *SMALL, '--force')


@pytest.mark.parametrize('there', [False, True])
def test_who_interrupts_finds_the_old_benchmark_or_none(tmp_path, photos, monkeypatch, there):
    out = tmp_path / 'out'
    if there:
        run(photos, out, *SMALL)
    before = files(out)
    encoded = []

    def interrupted(mask, bilevel):
        encoded.append(mask)
        if len(encoded) == 5:
            raise KeyboardInterrupt
        return b''

    monkeypatch.setattr(make, 'encode_png', interrupted)
    with pytest.raises(SystemExit) as ended:
        run(photos, out, *SMALL, '--seed', '1', '--force')
    assert ended.value.code == 130 and files(out) == before
    assert {path.name for path in tmp_path.iterdir()} == {'photos', *(['out'] if there else [])}


def test_verifying_names_all_that_differs(tmp_path, photos, capsys):
    out = tmp_path / 'out'
    run(photos, out, *SMALL)
    run('--verify', out)
    assert 'all photos and masks are as they were' in capsys.readouterr().out
    cv2.imwrite(str(photos / 'a.bmp'), np.zeros((90, 90, 3), np.uint8))
    (photos / 'b.bmp').unlink()
    shutil.copy(out / 'masks/00001.png', out / 'masks/00002.png')
    (out / 'masks/00003.png').unlink()
    (out / 'masks/more.png').write_bytes(b'')
    text = refusal(capsys, '--verify', out)
    assert '5 files differ' in text
    for sentence in ('a.bmp: another file', 'b.bmp: missing', '00002.png: broken or another', '00003.png: missing',
                     'more.png: not of the benchmark'):
        assert sentence in text


def test_a_benchmark_is_verified_with_photos_elsewhere(tmp_path, photos, capsys):
    run(photos, tmp_path / 'out', *SMALL)
    photos.rename(tmp_path / 'moved')
    assert 'give image_root=FOLDER' in refusal(capsys, '--verify', tmp_path / 'out')
    run(tmp_path / 'moved', '--verify', tmp_path / 'out')
