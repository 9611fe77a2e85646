"""Small photos and masks in files."""
import numpy as np
import skimage.data
from one_color import FILLED
from PIL import Image


def write_photo(path, name='chelsea', size=(60, 40)):
    """Write one of scikit-image's photos, small; returns its pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    photo = Image.fromarray(getattr(skimage.data, name)()).resize(size)
    photo.save(path)
    return np.asarray(Image.open(path).convert('RGB'))


def write_mask(path, size=(60, 40), box=(10, 5, 30, 25)):
    """Write a mask with a white box ``(left, top, right, bottom)``; returns the hole as bool."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = Image.new('L', size)
    mask.paste(255, box)
    mask.save(path)
    return np.asarray(mask) > 127


def pixels(path):
    """The picture of a file, as RGB."""
    return np.asarray(Image.open(path).convert('RGB'))


def everything_below(folder):
    """Paths of all files below a folder, as text."""
    return {str(path.relative_to(folder)) for path in folder.rglob('*') if path.is_file()}


def assert_filled(result, photo, hole):
    """The hole has the network's colour, all else is the photo."""
    result = pixels(result)
    assert (result[~hole] == photo[~hole]).all()
    assert (result[hole] == FILLED).all()
