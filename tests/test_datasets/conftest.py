import cv2
import numpy as np
import pytest
from mmengine.registry import DefaultScope
from skimage import data

import mmpconv.registry  # noqa: F401


@pytest.fixture(autouse=True)
def scope(request):
    """Lookups as in a runner with default_scope='mmpconv'."""
    name = f'{request.node.name}-{id(request)}'
    DefaultScope.get_instance(name, scope_name='mmpconv')
    yield
    DefaultScope._instance_dict.pop(name)


@pytest.fixture(scope='session')
def photo():
    """(150, 225, 3) uint8 BGR: a real photo."""
    return cv2.cvtColor(cv2.resize(data.chelsea(), (225, 150)), cv2.COLOR_RGB2BGR)


@pytest.fixture
def photos(tmp_path, photo):
    """A folder of five different small photos, 00.jpg to 04.jpg."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    for i in range(5):
        cv2.imwrite(str(folder / f'{i:02}.jpg'), np.roll(photo, 40 * i, axis=1))
    return folder
