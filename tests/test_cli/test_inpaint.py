"""``mmpconv inpaint``: what it fills, where results go, and what it says."""
import os

import numpy as np
import pytest
from one_color import FILLED
from PIL import Image
from small_photos import assert_filled, everything_below, pixels, write_mask, write_photo

from mmpconv.apis import DEFAULT_MODEL
from mmpconv.photos import MAX_PIXELS, Photo


def test_photo_mask_and_result_are_all_it_takes(folder, run, network):
    photo, hole = write_photo(folder / 'photo.png'), write_mask(folder / 'mask.png')
    status, out, err = run('inpaint', 'photo.png', 'mask.png', '-o', 'new/filled.png')
    assert (status, err) == (0, '')
    assert_filled('new/filled.png', photo, hole)
    share = 100 * hole.mean()
    assert out.startswith(f'new/filled.png: {share:.1f}% was hole, 0.') and out.count('\n') == 1


def test_the_network_is_the_one_that_was_asked_for(folder, run, network):
    write_photo(folder / 'photo.png'), write_mask(folder / 'mask.png')
    run('inpaint', 'photo.png', 'mask.png', '-o', 'a.png')
    run('inpaint', 'photo.png', 'mask.png', '-o', 'a.png', '--model', 'c.py', '--checkpoint', 'c.pth', '--device',
        'cpu', '--dtype', 'bfloat16', '--compile', '--tile-size', 64, '--max-pixels', 9999)
    assert network.arguments == [
        (None, None, 'auto', 'auto', False, None, MAX_PIXELS),
        ('c.py', 'c.pth', 'cpu', 'bfloat16', True, 64, 9999)]


@pytest.mark.parametrize('options, expected', [
    (['--mask', 'black'], (0, 0, 0)), (['--mask', 'white'], (255, 255, 255)), (['--mask', '9,8,7'], (9, 8, 7)),
    (['--mask', '#090807'], (9, 8, 7)), (['--mask', '9, 8, 9', '--tolerance', '2'], (9, 8, 7))])
def test_a_colour_of_the_photo_is_the_hole(folder, run, network, options, expected):
    photo = np.full((20, 30, 3), 100, np.uint8)
    photo[3:9, 4:20] = expected
    Image.fromarray(photo).save('photo.png')
    assert run('inpaint', 'photo.png', *options, '-o', 'filled.png')[0] == 0
    assert_filled('filled.png', photo, (photo == expected).all(2))


def test_transparent_pixels_that_are_filled_become_opaque(folder, run, network):
    photo = np.full((20, 30, 4), 200, np.uint8)
    photo[3:9, 4:20, 3] = 0
    Image.fromarray(photo).save('photo.png')
    assert run('inpaint', 'photo.png', 'alpha', '-o', 'filled.png')[0] == 0
    alpha = np.asarray(Image.open('filled.png'))[..., 3]
    assert (alpha[3:9, 4:20] == 255).all() and np.delete(alpha, slice(3, 9), 0).min() == 200
    assert_filled('filled.png', photo[..., :3], photo[..., 3] == 0)


def test_invert_and_grow_change_the_hole(folder, run, network):
    photo, valid = write_photo(folder / 'photo.png'), write_mask(folder / 'mask.png', box=(0, 0, 60, 30))
    run('inpaint', 'photo.png', 'mask.png', '--invert', '--grow', 2, '-o', 'filled.png')
    hole = ~valid
    hole[28:30] = True
    assert_filled('filled.png', photo, hole)


def test_a_mask_of_another_size_is_resized_when_asked_for(folder, run, network):
    photo = write_photo(folder / 'photo.png')
    write_mask(folder / 'mask.png', size=(30, 20), box=(5, 5, 15, 10))
    status, _, err = run('inpaint', 'photo.png', 'mask.png', '-o', 'filled.png')
    assert status == 1 and err.count('\n') == 1 and err.startswith('error: ')
    assert '30 x 20' in err and '60 x 40' in err and 'or give --resize-mask' in err
    assert run('inpaint', 'photo.png', 'mask.png', '-o', 'filled.png', '--resize-mask')[0] == 0
    hole = np.zeros((40, 60), bool)
    hole[10:20, 10:30] = True
    assert_filled('filled.png', photo, hole)


def test_the_comparison_shows_the_hole_in_pink_and_the_result(folder, run, network):
    photo, hole = write_photo(folder / 'photo.png'), write_mask(folder / 'mask.png')
    run('inpaint', 'photo.png', 'mask.png', '-o', 'filled.png', '--compare')
    picture = pixels('filled.compare.png').astype(int)
    before, after = picture[:, :60], picture[:, -60:]
    assert (after == pixels('filled.png')).all() and (before[~hole] == photo[~hole]).all()
    assert abs(before[hole] - (0.3 * photo[hole] + 0.7 * np.array([255, 0, 144]))).max() <= 1


def test_comparisons_of_large_photos_are_of_a_size_to_look_at(folder, run, network):
    write_photo(folder / 'photo.png', size=(3000, 1000)), write_mask(folder / 'mask.png', size=(3000, 1000))
    run('inpaint', 'photo.png', 'mask.png', '-o', 'filled.png', '--compare')
    assert Image.open('filled.compare.png').size == (960, 2 * 320 + 8)


@pytest.mark.parametrize('name, stored', [('p.png', 'RGB;16'), ('p.tif', 'RGB;16')])
def test_deep_photos_stay_deep_and_are_compared(folder, run, network, name, stored):
    draw = np.random.default_rng(0).integers(0, 65536, (20, 30, 3), np.uint16)
    Photo.from_array(draw).save(folder / name)
    hole = write_mask(folder / 'mask.png', size=(30, 20), box=(5, 5, 15, 10))
    assert run('inpaint', name, 'mask.png', '-o', f'new/{name}', '--compare')[0] == 0
    filled = Photo.read(folder / 'new' / name).color()
    assert filled.dtype == np.uint16 and (filled[~hole] == draw[~hole]).all()
    assert (filled[hole] == np.array(FILLED) * 257).all()
    assert (pixels('new/p.compare.png')[:, -30:][hole] == FILLED).all()


def test_warnings_are_lines_with_options_and_the_name(folder, run, network):
    write_photo(folder / 'photo.png'), write_mask(folder / 'mask.png', box=(0, 0, 0, 0))
    status, _, err = run('inpaint', 'photo.png', 'mask.png', '-o', 'filled.png', '--quiet')
    assert status == 0
    assert err == ('warning: photo.png: the mask mask.png has no hole, nothing will be filled; mark what is to be '
                   'filled, or give --invert\n')


def test_quiet_says_nothing_when_all_is_well(folder, run, network):
    for name in ('a.png', 'b.png'):
        write_photo(folder / name)
    write_mask(folder / 'mask.png')
    assert run('inpaint', 'a.png', 'mask.png', '-o', 'filled.png', '--quiet') == (0, '', '')
    assert run('inpaint', 'a.png', 'b.png', '--mask', 'mask.png', '-o', 'out', '--quiet') == (0, '', '')


@pytest.mark.parametrize('arguments, words', [
    ([], 'name a photo and its mask'),
    (['a.png', '-o', 'b.png'], 'name a photo and its mask'),
    (['a.png', 'b.png', 'c.png', '-o', 'd'], '3 files are named and none of them by --mask'),
    (['--mask', 'm.png', '-o', 'b.png'], 'name a photo, a folder, or a pattern'),
    (['a.png', 'm.png'], 'say where the result goes: -o OUT'),
    (['a.png', '1,2', '-o', 'b.png'], 'three numbers from 0 to 255'),
    (['a.png', '1,2,256', '-o', 'b.png'], 'three numbers from 0 to 255'),
    (['a.png', '#12345', '-o', 'b.png'], "not of the form '#rrggbb'"),
    (['a.png', 'm.png', '-o', 'b.png', '--grow', '-1'], '-1 is not a whole number that is at least 0'),
    (['a.png', 'm.png', '-o', 'b.png', '--tolerance', '3'], '--tolerance is for a colour'),
    (['a.png', 'alpha', '-o', 'b.png', '--tolerance', '3'], '--tolerance is for a colour'),
])
def test_what_is_wrong_with_the_command_line_is_said_with_status_2(run, arguments, words):
    status, out, err = run('inpaint', *arguments)
    assert (status, out) == (2, '') and words in err.splitlines()[-1]


@pytest.mark.parametrize('arguments, words', [
    (['none.png', 'mask.png', '-o', 'b.png'], 'there is no file none.png'),
    (['photo.png', 'none.png', '-o', 'b.png'], 'there is no mask none.png'),
    (['photo.png', 'mask.png', '-o', 'b'], 'b has no suffix and so no format: end it with .png'),
    (['photo.png', 'mask.png', '-o', 'b.doc'], 'b.doc has the suffix .doc and so no format'),
    (['photo.png', 'mask.png', '-o', 'b.png', '--format', 'jpg'], '-o is b.png and --format is jpg'),
    (['photo.png', 'photo.png', '--mask', 'none/', '-o', 'b'], 'there is no mask none'),
    (['*.bmp', '--mask', 'mask.png', '-o', 'b'], 'there is no file, and no photo by the pattern, *.bmp'),
    (['empty', '--mask', 'mask.png', '-o', 'b'], 'there is no photo in the folder empty'),
    (['photo.png', 'empty', '-o', 'b.png'], 'there is no mask in the folder empty'),
    (['photo.png', 'other.png', '--mask', 'mask.png', '-o', 'mask.png'], 'mask.png is a file; the results of 2 photos'),
    (['photo.png', 'mask.png', '-o', 'b.png', '--tile-size', '32'], 'trained on; give --tile-size 64'),
    (['photo.png', 'mask.png', '-o', 'b.png', '--max-pixels', '99'], 'scale it down, or give --max-pixels 2400'),
    (['photo.png', 'black', '-o', 'b.png'], 'the nearest is (5, 7, 5); give --tolerance 7'),
    (['text.png', 'mask.png', '-o', 'b.png'], 'cannot read the image text.png'),
])
def test_what_the_user_has_to_act_on_is_one_sentence_with_status_1(folder, run, network, arguments, words):
    photo = write_photo(folder / 'photo.png')
    write_photo(folder / 'other.png')
    Image.fromarray(np.maximum(photo, 3)).save('photo.png')
    write_mask(folder / 'mask.png')
    (folder / 'empty').mkdir()
    (folder / 'text.png').write_text('no picture')
    before = everything_below(folder)
    status, out, err = run('inpaint', *arguments)
    assert (status, out) == (1, '') and err.startswith('error: ') and err.count('\n') == 1 and words in err
    assert everything_below(folder) == before


def test_help_names_the_defaults(run):
    _, out, _ = run('inpaint', '--help')
    # Lines of help are broken at hyphens, too.
    assert f'withoutacheckpoint,{DEFAULT_MODEL}' in ''.join(out.split()) and (
        f'default: {MAX_PIXELS // 10**6} megapixels' in out)


def test_models_that_have_a_name_are_listed(run):
    status, out, _ = run('inpaint', '--list-models')
    assert status == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert lines[DEFAULT_MODEL].endswith('in the package, the default') and 'no weights needed' in lines['pyramid']
    assert lines['pconv_stage2_4xb2_places-256x256'].split()[-1].startswith('https://')
    assert any(line.startswith('pconv_demo_') and 'give --checkpoint' in line for line in out.splitlines())


def test_names_need_not_be_text(folder, run, network):
    name = os.fsdecode(b'caf\xe9 \xc3\xbc.png')
    photo, hole = write_photo(folder / 'a.png'), write_mask(folder / 'mask.png')
    os.rename('a.png', name)
    status, out, err = run('inpaint', name, 'mask.png', '-o', 'out/')
    assert (status, err) == (0, '') and out.startswith('out/caf\\udce9 ü.png: ')
    assert_filled(folder / 'out' / name, photo, hole)
