"""Photos in files, a filler that is easily foreseen, and the interface without a network between."""
import io

import numpy as np
import pytest
import skimage.data
from PIL import Image
from starlette.testclient import TestClient

from mmpconv.web.app import build_app
from mmpconv.web.filling import Fills, Model, Models
from mmpconv.web.messages import warnings_apart
from mmpconv.web.storage import PhotoStore


class Inverting:
    """Fills a hole with the photo's negative: every pixel of the hole changes, by a known amount."""

    def fill(self, photo, hole, *, progress=None):
        progress(1, 2)
        color = photo.color().copy()
        most = 1 if color.dtype.kind == 'f' else np.iinfo(color.dtype).max
        color[hole] = most - color[hole]
        progress(2, 2)
        return photo.filled(color, hole)


def png(array, **options):
    """The content of a file."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, 'PNG', **options)
    return file.getvalue()


def models_of(*fillers):
    """Models that are called a, b, c, ..."""
    names = 'abcdefg'[:len(fillers)]
    return Models([Model(name, f'Model {name}', '') for name in names], dict(zip(names, fillers)).__getitem__)


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / 'store'
    folder.mkdir()
    return PhotoStore(folder, max_pixels=1_000_000, max_bytes=50_000_000, keep=3600)


@pytest.fixture
def client(store):
    """The interface, with a model that inverts colours."""
    with warnings_apart():
        app = build_app(store, Fills(models_of(Inverting())), max_upload=2**20)
        with TestClient(app, base_url='http://127.0.0.1:7860', raise_server_exceptions=False) as client:
            yield client


@pytest.fixture(scope='session')
def cat():
    """(300, 451, 3) uint8 RGB."""
    return skimage.data.chelsea()


@pytest.fixture(scope='session')
def hole(cat):
    """Of the cat: (300, 451) bool."""
    hole = np.zeros(cat.shape[:2], bool)
    hole[100:120, 200:250] = True
    hole[150, 3] = True
    return hole
