import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from known_networks import PlaneNetwork, ShallowNetwork, disc, plane
from PIL import Image

from mmpconv.apis import Inpainter
from mmpconv.apis.networks import FillingNetwork
from mmpconv.errors import LaunchError
from mmpconv.photos import Photo, PhotoError, PhotoWarning

H, W = 70, 90
HOLE = disc(H, W, (30, 40), 6)


class White(FillingNetwork):
    """Fills with white."""
    size, device = 64, 'cpu'

    def __call__(self, images, holes):
        return np.ones_like(images), np.ones_like(holes)


@pytest.fixture
def inpainter():
    return Inpainter(White())


def noise(shape, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype)


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize('channels', [(), (1,), (3,), (4,)])
def test_arrays_come_back_as_they_were_but_for_the_hole(inpainter, dtype, channels):
    photo = noise((H, W, *channels), np.uint16)
    photo = (photo / 65535).astype(dtype) if dtype == np.float32 else photo.astype(dtype)
    before = photo.copy()
    filled = inpainter(photo, HOLE)
    assert filled.dtype == dtype and filled.shape == photo.shape
    np.testing.assert_array_equal(filled[~HOLE], before[~HOLE])
    np.testing.assert_array_equal(photo, before)
    colors = filled[..., :3] if channels == (4,) else filled
    assert (colors[HOLE] == (1 if dtype == np.float32 else np.iinfo(dtype).max)).all()
    if channels == (4,):
        np.testing.assert_array_equal(filled[..., 3], before[..., 3])


def test_pillow_images_and_paths_give_pillow_images(inpainter, tmp_path):
    image = Image.fromarray(noise((H, W, 3)))
    image.save(tmp_path / 'photo.png')
    for given in (image, tmp_path / 'photo.png', str(tmp_path / 'photo.png')):
        filled = inpainter(given, HOLE)
        assert isinstance(filled, Image.Image) and filled.mode == 'RGB'
        np.testing.assert_array_equal(np.array(filled)[~HOLE], np.array(image)[~HOLE])
        assert (np.array(filled)[HOLE] == 255).all()
    assert isinstance(inpainter(Photo.from_pil(image), HOLE), Photo)


def test_a_file_of_16_bits_a_colour_comes_back_as_an_array(inpainter, tmp_path):
    photo = noise((H, W, 3), np.uint16)
    Photo.from_array(photo).save(tmp_path / 'deep.png')
    filled = inpainter(tmp_path / 'deep.png', HOLE)
    assert filled.dtype == np.uint16
    np.testing.assert_array_equal(filled, np.where(HOLE[..., None], 65535, photo))


def test_blue_stays_blue():
    """The network continues a plane in each channel, so that exchanged channels would show."""
    photo = plane(H, W)
    for order, given in (('rgb', photo), ('bgr', np.ascontiguousarray(photo[..., ::-1]))):
        filled = Inpainter(PlaneNetwork())(given, HOLE, channel_order=order)
        np.testing.assert_allclose(filled, given, atol=1e-4)


def test_a_list_may_mix_kinds_and_sizes(inpainter, tmp_path):
    Image.fromarray(noise((20, 30, 3))).save(tmp_path / 'small.png')
    photos = [noise((H, W, 3)), tmp_path / 'small.png', Image.fromarray(noise((40, 10)))]
    masks = [HOLE, disc(20, 30, (10, 10), 3), Image.fromarray(disc(40, 10, (20, 5), 2))]
    results = inpainter(photos, masks)
    assert [type(result) for result in results] == [np.ndarray, Image.Image, Image.Image]
    for result, photo, mask in zip(results, [photos[0], noise((20, 30, 3)), noise((40, 10))], masks):
        expected = photo.copy()
        expected[np.asarray(mask)] = 255
        np.testing.assert_array_equal(np.asarray(result), expected)


def test_one_mask_serves_all_photos(inpainter):
    results = inpainter([np.zeros((H, W, 3), np.uint8)] * 2, HOLE)
    assert all((result[HOLE] == 255).all() and result.max(-1).sum() == 255 * HOLE.sum() for result in results)


def test_results_are_written_where_they_are_wanted(inpainter, tmp_path):
    image = Image.fromarray(noise((H, W, 3)))
    names = ['a.png', 'b.jpg']
    for name in names:
        image.save(tmp_path / name)
    assert inpainter(tmp_path / 'a.png', HOLE, tmp_path / 'new/out.tif') == tmp_path / 'new/out.tif'
    paths = inpainter([tmp_path / name for name in names], HOLE, tmp_path / 'folder')
    assert paths == [tmp_path / 'folder/a.png', tmp_path / 'folder/b.png']  # JPEG would change valid pixels
    for name, path in zip(names, paths):
        before, after = np.array(Image.open(tmp_path / name)), np.array(Image.open(path))
        np.testing.assert_array_equal(after, np.where(HOLE[..., None], 255, before))
    paths = [tmp_path / '1.png', tmp_path / '2.png']
    assert inpainter([tmp_path / name for name in names], HOLE, paths) == paths
    assert all(path.is_file() for path in paths)


def test_colours_and_transparency_can_be_the_mask(inpainter):
    photo = np.full((H, W, 4), 100, np.uint8)
    photo[HOLE] = (10, 20, 30, 0)
    filled = inpainter(photo, 'alpha')
    assert (filled[HOLE] == 255).all() and (filled[~HOLE] == 100).all()
    filled = inpainter(photo[..., :3].copy(), (10, 20, 30))
    assert (filled[HOLE] == 255).all() and (filled[~HOLE] == 100).all()
    filled = inpainter(photo[..., 2::-1].copy(), (10, 20, 30), channel_order='bgr')
    assert (filled[HOLE] == 255).all() and (filled[~HOLE] == 100).all()
    filled = inpainter(photo[..., :3].copy(), (12, 20, 30), tolerance=2)
    assert (filled[HOLE] == 255).all()


def test_inverted_and_grown_masks(inpainter):
    photo = np.zeros((H, W, 3), np.uint8)
    np.testing.assert_array_equal(inpainter(photo, ~HOLE, invert=True), inpainter(photo, HOLE))
    grown = inpainter(photo, HOLE, grow=3)[..., 0] > 0
    least, most = (disc(H, W, (30, 40), radius) for radius in (8, 10))
    assert grown[least].all() and not grown[~most].any()


def test_an_empty_mask_changes_nothing_and_says_so(inpainter):
    photo = noise((H, W, 3))
    with pytest.warns(PhotoWarning, match='invert'):
        np.testing.assert_array_equal(inpainter(photo, np.zeros((H, W), bool)), photo)


def test_a_hole_too_deep_for_the_network_is_told():
    photo, hole = np.zeros((200, 200, 3), np.uint8), disc(200, 200, (100, 100), 60)
    told = r'\d+ pixels deep(;|, and) the network was trained on photos of 64 pixels and fills 16 well'
    with pytest.warns(PhotoWarning, match=f'{told}, so its middle has 1/[48] of the resolution'):
        Inpainter(White())(photo, hole)
    with pytest.warns(PhotoWarning, match=f'{told}; set coarse_to_fine=True$'):
        Inpainter(White(), coarse_to_fine=False)(photo, hole)
    small, hole = np.zeros((40, 40, 3), np.uint8), disc(40, 40, (20, 20), 7)
    with pytest.warns(PhotoWarning, match=r'does not reach its middle.*coarse_to_fine=True'):
        Inpainter(ShallowNetwork(32), coarse_to_fine=False)(small, hole)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        Inpainter(White())(photo, disc(200, 200, (100, 100), 14))


def test_several_threads_do_not_disturb_each_other():
    photos = [plane(60 + 7 * number, 80) for number in range(8)]
    masks = [disc(*photo.shape[:2], (30, 40), 10) for photo in photos]
    inpainter = Inpainter(PlaneNetwork())
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(inpainter, photos * 4, masks * 4))
    for result, photo, mask in zip(results, photos * 4, masks * 4):
        np.testing.assert_array_equal(result, inpainter(photo, mask))


@pytest.mark.parametrize('call, message', [
    (lambda inpainter: inpainter([noise((H, W))] * 2, [HOLE] * 3), '3 masks were given for 2 photos'),
    (lambda inpainter: inpainter([noise((H, W))] * 2, HOLE, ['a.png']), '1 paths were given for 2 results'),
    (lambda inpainter: inpainter(noise((H, W)), HOLE[1:]), '69.*70|70.*69'),
    (lambda inpainter: inpainter(noise((H, W)), ~np.zeros((H, W), bool)), 'invert'),
    (lambda inpainter: inpainter('nowhere.png', HOLE), 'nowhere.png'),
    (lambda inpainter: inpainter.fill(Photo.from_array(noise((H, W))), HOLE[1:]), r'\(69, 90\) of bool'),
    (lambda inpainter: inpainter.fill(Photo.from_array(noise((H, W))), HOLE.astype(int)), 'of bool'),
], ids=['masks', 'paths', 'size', 'all hole', 'missing', 'shape', 'dtype'])
def test_bad_input_is_refused_with_a_sentence(inpainter, call, message):
    with pytest.raises(PhotoError, match=message) as error:
        call(inpainter)
    assert '\n' not in str(error.value)


def test_photos_over_the_limit_are_refused(tmp_path):
    Image.new('RGB', (300, 200)).save(tmp_path / 'photo.png')
    with pytest.raises(PhotoError, match='59999; .*max_pixels'):
        Inpainter(White(), max_pixels=59_999)(tmp_path / 'photo.png', HOLE)


@pytest.mark.parametrize('options, message', [
    (dict(tile_size=63), 'windows of 63 pixels are smaller .*; set tile_size=64$'),
    (dict(batch_size=0), 'batch_size is 0 but must be at least 1'),
    (dict(max_pixels=0), 'max_pixels is 0 but must be at least 1'),
])
def test_arguments_out_of_range_are_refused(options, message):
    with pytest.raises(LaunchError, match=message):
        Inpainter(White(), **options)


def test_a_result_that_cannot_be_written_leaves_nothing(inpainter, tmp_path):
    with pytest.raises(PhotoError):
        inpainter(noise((H, W, 4)), HOLE, tmp_path / 'out.jpg')
    assert list(Path(tmp_path).iterdir()) == []


def test_tensors_are_filled_as_arrays_are():
    inpainter = Inpainter('pyramid')
    photos = torch.rand(2, 3, 40, 50)
    holes = torch.zeros(2, 1, 40, 50)
    holes[0, 0, 5:9, 7:20] = holes[1, 0, 20:30, 20:30] = 1
    filled = inpainter(photos, holes)
    for photo, hole, result in zip(photos, holes, filled):
        expected = inpainter(photo.permute(1, 2, 0).numpy(), hole[0].numpy())
        assert np.array_equal(result.permute(1, 2, 0).numpy(), expected)
    assert filled.where(holes == 0, 0).equal(photos.where(holes == 0, 0))
    whole = (photos * 255).to(torch.uint8)
    assert inpainter(whole, holes[:1] > 0).dtype == torch.uint8
    assert inpainter(photos.double(), holes).dtype == torch.float64


@pytest.mark.parametrize('photos, hole, message', [
    (torch.rand(3, 8, 8), torch.zeros(1, 1, 8, 8), r'shape \(3, 8, 8\), but \(N, 3, H, W\)'),
    (torch.rand(2, 3, 8, 8), torch.zeros(2, 8, 8), r'must be a tensor of shape \(2, 1, 8, 8\) or \(1, 1, 8, 8\)'),
    (torch.rand(1, 3, 8, 8), 'alpha', 'the mask is a str'),
])
def test_tensors_of_other_shapes_are_refused(photos, hole, message):
    with pytest.raises(PhotoError, match=message):
        Inpainter('pyramid')(photos, hole)


def test_it_says_what_it_is():
    assert repr(Inpainter('telea')) == ("Inpainter(ClassicalNetwork('telea'), coarse_to_fine=True, tile_size=1024, "
                                        'batch_size=1, max_pixels=89478485)')
    assert 'OrientedUNet of 256 pixels, cpu' in repr(Inpainter(device='cpu'))
