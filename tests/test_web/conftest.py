"""The interface without a network between, before a filler that is easily foreseen."""
import numpy as np
import pytest
import skimage.data
from inverting import Inverting, models_of
from starlette.testclient import TestClient

from mmpconv.web.app import build_app
from mmpconv.web.filling import Fills
from mmpconv.web.messages import warnings_apart
from mmpconv.web.storage import PhotoStore


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
