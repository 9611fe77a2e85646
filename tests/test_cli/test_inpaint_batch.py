"""``mmpconv inpaint`` of many photos: which ones, where to, and what happens when something goes wrong."""
import os
import signal

import numpy as np
import pytest
from PIL import Image
from small_photos import assert_filled, everything_below, pixels, write_mask, write_photo

from mmpconv.photos import Photo


@pytest.fixture
def photos(folder, network):
    """Five photos in subfolders, a mask, and files that are no photos."""
    names = ['a.jpg', 'b.PNG', 'sub/c.png', 'sub/deeper/with space ü.jpg', 'sub/e.f.jpg']
    for name in names:
        write_photo(folder / 'photos' / name)
    (folder / 'photos/notes.txt').touch()
    (folder / 'photos/.hidden.png').touch()
    write_mask(folder / 'mask.png')
    return names


RESULTS = {'a.png', 'b.png', 'sub/c.png', 'sub/deeper/with space ü.png', 'sub/e.f.png'}


def test_a_folder_is_filled_with_its_subfolders(folder, run, photos):
    status, out, err = run('inpaint', 'photos', 'mask.png', '-o', 'out')
    assert (status, err) == (0, '')
    assert everything_below(folder / 'out') == RESULTS
    assert [line.split()[0] for line in out.splitlines()[:5]] == [f'[{number}/5]' for number in range(1, 6)]
    assert out.splitlines()[-1].startswith('5 of 5 photos filled, in ') and out.endswith('s: out\n')
    hole = pixels('mask.png')[..., 0] > 0
    assert_filled('out/sub/e.f.png', pixels('photos/sub/e.f.jpg'), hole)


@pytest.mark.parametrize('words, results', [
    (['photos/*'], {'a.png', 'b.png'}),
    (['photos/**/*.png'], {'c.png'}),
    (['photos/sub', 'photos/a.jpg'], {'a.png', 'c.png', 'deeper/with space ü.png', 'e.f.png'}),
    (['photos/a.jpg', 'photos/b.PNG', 'photos/a.jpg'], {'a.png', 'b.png'})])
def test_patterns_files_and_folders_together(folder, run, photos, words, results):
    assert run('inpaint', *words, '--mask', 'mask.png', '-o', 'out')[0] == 0
    assert everything_below(folder / 'out') == results


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(folder, run, network):
    write_photo(folder / 'a[1].png'), write_photo(folder / 'a1.png'), write_mask(folder / 'mask.png')
    assert run('inpaint', 'a[1].png', 'mask.png', '-o', 'out/')[0] == 0
    assert everything_below(folder / 'out') == {'a[1].png'}


def test_results_and_masks_inside_the_folder_of_photos_are_not_taken_for_photos(folder, run, photos):
    write_mask(folder / 'photos/mask.png')
    for _ in range(2):
        assert run('inpaint', 'photos', 'photos/mask.png', '-o', 'photos/sub/out')[0] == 0
        assert everything_below(folder / 'photos/sub/out') == RESULTS
    status, _, err = run('inpaint', 'photos', 'photos/mask.png', '-o', 'photos/../photos')
    assert status == 1 and 'is the folder of the photos' in err


def test_links_are_followed_but_not_in_circles(folder, run, network):
    write_photo(folder / 'elsewhere/a.png'), write_mask(folder / 'mask.png')
    (folder / 'photos').mkdir()
    (folder / 'photos/linked').symlink_to(folder / 'elsewhere')
    (folder / 'elsewhere/up').symlink_to(folder / 'photos')
    assert run('inpaint', 'photos', 'mask.png', '-o', 'out')[0] == 0
    assert everything_below(folder / 'out') == {'linked/a.png'}


def test_masks_of_a_folder_are_found_by_the_photos_names(folder, run, photos):
    boxes = {'a.png': (0, 0, 9, 9), 'sub/c.bmp': (20, 20, 30, 30), 'with space ü.tif': (1, 30, 20, 40)}
    holes = {name: write_mask(folder / 'masks' / name, box=box) for name, box in boxes.items()}
    status, out, err = run('inpaint', 'photos', 'masks', '-o', 'out')
    assert status == 3
    assert everything_below(folder / 'out') == {'a.png', 'sub/c.png', 'sub/deeper/with space ü.png'}
    assert_filled('out/a.png', pixels('photos/a.jpg'), holes['a.png'])
    assert_filled('out/sub/c.png', pixels('photos/sub/c.png'), holes['sub/c.bmp'])
    assert_filled('out/sub/deeper/with space ü.png', pixels('photos/sub/deeper/with space ü.jpg'),
                  holes['with space ü.tif'])
    assert err.splitlines() == [
        '2 of 5 photos could not be filled:',
        '  photos/b.PNG has no mask in masks; it would be called b.png',
        '  photos/sub/e.f.jpg has no mask in masks; it would be called sub/e.f.png']


def test_two_masks_of_one_photo_are_refused(folder, run, network):
    write_photo(folder / 'a.png'), write_mask(folder / 'masks/a.png'), write_mask(folder / 'masks/a.bmp')
    status, _, err = run('inpaint', 'a.png', 'masks', '-o', 'b.png')
    assert status == 1 and 'a.png has several masks, a.bmp and a.png in masks; leave one' in err


def test_two_photos_with_one_result_are_an_error_before_anything_starts(folder, run, photos):
    write_photo(folder / 'photos/A.png')
    status, out, err = run('inpaint', 'photos', 'mask.png', '-o', 'out')
    assert (status, out) == (1, '') and not (folder / 'out').exists()
    assert err.startswith('error: the results of photos/A.png and photos/a.jpg would both be out/a.png; rename one')
    write_photo(folder / 'more/x.png'), write_photo(folder / 'more/x.compare.jpg')
    assert run('inpaint', 'more', 'mask.png', '-o', 'out', '--compare')[0] == 1
    assert run('inpaint', 'more', 'mask.png', '-o', 'out')[0] == 0


@pytest.mark.parametrize('suffix, format', [('png', 'PNG'), ('jpg', 'JPEG'), ('tif', 'TIFF'), ('webp', 'WEBP')])
def test_results_have_the_format_that_was_asked_for(folder, run, photos, suffix, format):
    assert run('inpaint', 'photos/a.jpg', 'photos/b.PNG', '--mask', 'mask.png', '-o', 'out', '--format', suffix)[0] == 0
    assert everything_below(folder / 'out') == {f'a.{suffix}', f'b.{suffix}'}
    assert Image.open(f'out/a.{suffix}').format == format


def test_what_png_cannot_hold_is_written_as_tiff(folder, run, network):
    write_photo(folder / 'photo.jpg'), write_mask(folder / 'mask.png')
    Image.open('photo.jpg').convert('CMYK').save('photo.jpg')
    assert run('inpaint', 'photo.jpg', 'mask.png', '-o', 'out/')[0] == 0
    assert everything_below(folder / 'out') == {'photo.tif'} and Image.open('out/photo.tif').mode == 'CMYK'
    write_photo(folder / 'photo.tif')
    status, _, err = run('inpaint', 'photo.jpg', 'photo.tif', '--mask', 'mask.png', '-o', 'new')
    assert status == 3 and 'photo.jpg: its result would be new/photo.tif, as that of another photo' in err
    assert everything_below(folder / 'new') == {'photo.tif'}
    status, _, err = run('inpaint', 'photo.jpg', 'photo.tif', '-o', './')
    assert status == 1 and 'would replace photo.tif, which is read' in err


@pytest.mark.parametrize('link', [os.link, os.symlink])
def test_photos_and_masks_are_never_replaced(folder, run, network, link):
    write_photo(folder / 'photo.png'), write_mask(folder / 'mask.png'), write_mask(folder / 'masks/photo.png')
    link(folder / 'photo.png', 'linked.png')
    contents = {path: path.read_bytes() for path in folder.rglob('*.png')}
    for arguments in (['photo.png', 'mask.png', '-o', 'photo.png'], ['photo.png', 'mask.png', '-o', 'linked.png'],
                      ['photo.png', 'mask.png', '-o', './'], ['photo.png', 'mask.png', '-o', 'mask.png'],
                      ['photo.png', 'linked.png', '--mask', 'masks', '-o', 'masks']):
        status, _, err = run('inpaint', *arguments)
        assert status == 1 and 'which is read; give another name or folder to -o' in err
    assert {path: path.read_bytes() for path in folder.rglob('*.png')} == contents


def test_a_broken_photo_does_not_stop_the_others(folder, run, photos):
    (folder / 'photos/aa.png').write_bytes((folder / 'photos/b.PNG').read_bytes()[:500])
    status, out, err = run('inpaint', 'photos', 'mask.png', '-o', 'out')
    assert status == 3 and everything_below(folder / 'out') == RESULTS
    assert '[2/6] photos/aa.png: not filled, the reason is below\n' in out and '5 of 6 photos filled' in out
    first, second = err.splitlines()
    assert first == '1 of 6 photos could not be filled:'
    assert second.startswith('  cannot read the image photos/aa.png: ')


def test_a_batch_of_which_nothing_can_be_filled_has_status_1(folder, run, network):
    write_photo(folder / 'a.png'), write_photo(folder / 'b.png'), write_mask(folder / 'mask.png', size=(9, 9))
    status, _, err = run('inpaint', 'a.png', 'b.png', '--mask', 'mask.png', '-o', 'out')
    assert status == 1 and err.count('give --resize-mask') == 2 and not (folder / 'out').exists()


def test_what_cannot_be_written_fails_alone(folder, run, photos):
    (folder / 'out').mkdir()
    (folder / 'out/sub').touch()
    status, _, err = run('inpaint', 'photos', 'mask.png', '-o', 'out')
    assert status == 3 and '3 of 5 photos could not be filled' in err and 'Traceback' not in err
    assert everything_below(folder / 'out') == {'a.png', 'b.png', 'sub'}


def test_resuming_fills_what_has_no_newer_result(folder, run, photos, network):
    assert run('inpaint', 'photos', 'mask.png', '-o', 'out')[0] == 0
    (folder / 'out/a.png').unlink()
    (folder / 'out/sub/c.png').write_bytes(b'older')
    os.utime('out/sub/c.png', (0, 0))
    network.calls = 0
    status, out, _ = run('inpaint', 'photos', 'mask.png', '-o', 'out', '--resume')
    assert status == 0 and network.calls == 2 and '2 of 5 photos filled, 3 had results already' in out
    assert pixels('out/sub/c.png').shape == (40, 60, 3)
    os.utime('mask.png')
    later = os.stat('mask.png').st_mtime + 10
    os.utime('mask.png', (later, later))
    network.calls = 0
    run('inpaint', 'photos', 'mask.png', '-o', 'out', '--resume')
    assert network.calls == 5


@pytest.mark.parametrize('damaged', ['a.png', 'a.compare.png'])
@pytest.mark.parametrize('content', [b'', b'no picture', 'half', None])
def test_resuming_makes_results_again_that_are_new_but_no_pictures(folder, run, photos, network, damaged, content):
    assert run('inpaint', 'photos', 'mask.png', '-o', 'out', '--compare')[0] == 0
    path = folder / 'out' / damaged
    whole, left = path.read_bytes(), folder / 'out/.a.123-4.unfinished.png'
    left.write_bytes(whole[:50])
    if content is None:
        path.unlink()
    else:
        path.write_bytes(whole[:len(whole) // 2] if content == 'half' else content)
    network.calls = 0
    status, out, _ = run('inpaint', 'photos', 'mask.png', '-o', 'out', '--compare', '--resume')
    assert status == 0 and network.calls == 1 and '1 of 5 photos filled, 4 had results already' in out
    assert path.read_bytes() == whole and not left.exists()


def test_a_picture_of_before_and_after_is_there_completely_or_not_at_all(folder, run, photos, monkeypatch):
    save = Image.Image.save

    def interrupted(self, path, *args, **options):
        if 'compare' in str(path):
            path.write_bytes(b'half')
            signal.raise_signal(signal.SIGINT)
        save(self, path, *args, **options)

    monkeypatch.setattr(Image.Image, 'save', interrupted)
    assert run('inpaint', 'photos', 'mask.png', '-o', 'out', '--compare')[0] == 130
    assert everything_below(folder / 'out') == set()


def test_resuming_knows_a_result_whose_suffix_the_photo_decides(folder, run, network):
    write_photo(folder / 'photos/photo.jpg'), write_mask(folder / 'mask.png')
    Image.open('photos/photo.jpg').convert('CMYK').save('photos/photo.jpg')
    run('inpaint', 'photos', 'mask.png', '-o', 'out')
    network.calls = 0
    assert '1 had results' in run('inpaint', 'photos', 'mask.png', '-o', 'out', '--resume')[1] or network.calls == 0
    assert network.calls == 0


def test_without_resume_earlier_results_are_replaced(folder, run, photos, network):
    for _ in range(2):
        network.calls = 0
        run('inpaint', 'photos', 'mask.png', '-o', 'out')
        assert network.calls == 5


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_half_written_and_says_how_to_continue(folder, run, photos, monkeypatch, number):
    save, saved = Photo.save, []

    def interrupted(self, path):
        saved.append(path)
        if len(saved) == 3:
            signal.raise_signal(number)
        save(self, path)

    monkeypatch.setattr(Photo, 'save', interrupted)
    status, _, err = run('inpaint', 'photos', 'mask.png', '-o', 'out')
    assert status == 130
    assert err == ('interrupted: 2 of 5 photos are filled, and no file is half-written; the same command with --resume '
                   'continues\n')
    assert everything_below(folder / 'out') == {'a.png', 'b.png'}
    assert run('inpaint', 'photos', 'mask.png', '-o', 'out', '--resume')[0] == 0
    assert everything_below(folder / 'out') == RESULTS


def test_each_photo_has_a_mask_of_its_own_colour(folder, run, network):
    for name, color in (('a.png', (255, 0, 0)), ('b.png', (255, 0, 4))):
        photo = np.zeros((20, 20, 3), np.uint8)
        photo[5:8, 5:8] = color
        Image.fromarray(photo).save(name)
    assert run('inpaint', 'a.png', 'b.png', '--mask', '#ff0000', '--tolerance', 4, '-o', 'out')[0] == 0
    hole = np.zeros((20, 20), bool)
    hole[5:8, 5:8] = True
    for name in ('a.png', 'b.png'):
        assert_filled(f'out/{name}', pixels(name), hole)


def test_warnings_about_many_photos_are_said_once_and_summed_up(folder, run, network):
    for name in 'abcde':
        write_photo(folder / f'photos/{name}.png')
    write_mask(folder / 'mask.png', box=(0, 0, 0, 0))
    status, _, err = run('inpaint', 'photos', 'mask.png', '-o', 'out')
    assert status == 0 and err.splitlines() == [
        'warning: photos/a.png: the mask mask.png has no hole, nothing will be filled; mark what is to be filled, or '
        'give --invert', 'warning: 5 photos: the mask has no hole: a.png, b.png, c.png and 2 more']


@pytest.mark.parametrize('name, options, words', [
    ('deep.png', ['-o', 'out.jpg'], 'JPEG files cannot hold 16-bit'),
    ('clear.png', ['-o', 'out.jpg'], 'cannot hold'),
    ('deep.png', ['-o', 'out/', '--format', 'webp'], 'WEBP files cannot hold 16-bit')])
def test_what_a_format_cannot_hold_is_refused_before_the_work(folder, run, network, name, options, words):
    write_mask(folder / 'mask.png')
    Image.fromarray(np.full((40, 60), 999, np.uint16)).save(folder / 'deep.png')
    Image.new('RGBA', (60, 40), (1, 2, 3, 4)).save(folder / 'clear.png')
    before = everything_below(folder)
    status, _, err = run('inpaint', name, 'mask.png', *options)
    assert status == 1 and words in err and 'take .png' in err
    assert network.arguments == [] and everything_below(folder) == before


def test_a_colour_has_a_name_unless_a_file_has_it(folder, run, network):
    photo = np.full((40, 60, 3), 7, np.uint8)
    photo[5:25, 10:30] = (255, 165, 0)
    Image.fromarray(photo).save(folder / 'photo.png')
    assert run('inpaint', 'photo.png', 'Orange', '-o', 'a.png')[0] == 0
    hole = write_mask(folder / 'orange.png', box=(0, 0, 5, 5))
    (folder / 'orange.png').rename(folder / 'orange')
    assert run('inpaint', 'photo.png', 'orange', '-o', 'b.png')[0] == 0
    assert_filled('a.png', photo, (photo != 7).any(2))
    assert_filled('b.png', photo, hole)


def test_a_preview_without_a_terminal_is_told(folder, run, network):
    write_photo(folder / 'photo.png'), write_mask(folder / 'mask.png')
    status, _, err = run('inpaint', 'photo.png', 'mask.png', '-o', 'a.png', '--preview')
    assert (status, err) == (0, 'warning: --preview needs a terminal, and there is none\n')
