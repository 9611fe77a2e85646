"""Options for which the others leave nothing to do are refused, by name, before anything is made."""
import pytest
from small_photos import write_photo

PHOTOS = ['image-folder', 'photos']
VERIFY = ['make-benchmark', '--verify', 'b']


@pytest.mark.parametrize('status, words, command', [
    (2, '--resize-mask is for pictures', ['inpaint', 'a.png', 'black', '-o', 'b.png', '--resize-mask']),
    (2, '--tolerance is for a colour', ['inpaint', 'a.png', 'm.png', '-o', 'b.png', '--tolerance', '1']),
    (1, 'dtype cannot be given with telea, which has no weights, and a precision of its own; leave out --dtype',
     ['inpaint', 'photos/val/b.png', 'photos/train/a.png', '-o', 'b.png', '--model', 'telea', '--dtype', 'float16']),
    (1, 'no published weights of unet_', ['models', 'unet_small_1xb8_photos-128x128', '--with-weights']),
    (1, 'no model with weights matches unet_s', ['models', 'unet_small*', '--download']),
    (1, '--iterations is for --photos', ['train', 'a.py', '--iterations', '1000']),
    (1, '--batch-size is for --photos', ['train', 'a.py', '--batch-size', '4']),
    (1, '--launcher is for a CONFIG', ['train', '--photos', 'photos', '--launcher', 'pytorch']),
    (1, '--resume is a.pth, but', ['train', '--photos', 'photos', '--resume', 'a.pth']),
    (1, '--jobs is for --verify', ['prepare-dataset', *PHOTOS, '--jobs', '2']),
    (1, 'leave --seed out', ['prepare-dataset', *PHOTOS, '--seed', '0']),
    (1, 'leave --val-share out', ['prepare-dataset', *PHOTOS, '--seed', '0', '--val-share', '.5']),
    (1, '--variant is of the training photos',
     ['prepare-dataset', 'places365', '.', '--split', 'val', '--variant', 'standard']),
    (1, '--verify writes nothing, but OUT', [*VERIFY, 'photos', 'out']),
    *((1, f'{option[0]} is for making a benchmark', [*VERIFY, *option]) for option in (
        ['--masks', 'm'], ['--per-bin', '1'], ['--list', 'l'], ['--bins', '.1', '.2'], ['--invert-masks'],
        ['--reuse-masks'], ['--force'], ['--size', '256', '256'], ['--seed', '0'], ['--crop', 'center'],
        ['--border', 'both'])),
    (1, '--lpips-net is for --lpips', ['benchmark', 'b', 'mean', '--lpips-net', 'alex']),
    (1, '--lpips-backbone is for --lpips', ['benchmark', 'b', 'mean', '--lpips-backbone', 'f']),
    (1, '--fid-weights is for --fid', ['benchmark', 'b', 'mean', '--lpips', '--fid-weights', 'f']),
    (1, '--cfg-options changes configs', ['benchmark', 'b', 'mean', 'photos', '--cfg-options', 'a=1']),
    *((1, f'{option} is of a network of torchvision', ['visualize-tiles', '--runs', '.', option, 'a'])
      for option in ('--network', '--checkpoint', '--layer')),
])
def test_an_option_without_a_use_is_refused(folder, run, status, words, command):
    for name in ('photos/train/a.png', 'photos/val/b.png'):
        write_photo(folder / name)
    before = {*folder.rglob('*')}
    got, out, err = run(*command)
    assert (got, out) == (status, '') and words in err.splitlines()[-1] and {*folder.rglob('*')} == before
