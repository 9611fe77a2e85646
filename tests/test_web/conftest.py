"""Photos in files, and an inpainter that is easily foreseen."""
import numpy as np
import pytest
import skimage.data
from PIL import Image

from mmpconv.web.told import told_apart


class Inverting:
    """Fills a hole with the photo's negative: every pixel of the hole changes, by a known amount."""

    def fill(self, photo, hole, *, progress=None):
        progress(1, 2)
        color = photo.color().copy()
        color[hole] = np.iinfo(color.dtype).max - color[hole]
        progress(2, 2)
        return photo.filled(color, hole)


@pytest.fixture
def inpainter():
    with told_apart():
        yield Inverting()


@pytest.fixture
def save(tmp_path):
    """Save an array as a picture; returns its path."""

    def save(array, name, **options):
        path = tmp_path / name
        Image.fromarray(array).save(path, **options)
        return str(path)

    return save


@pytest.fixture(scope='session')
def cat():
    """(300, 451, 3) uint8 RGB."""
    return skimage.data.chelsea()
