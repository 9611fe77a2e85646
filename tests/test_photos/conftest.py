import cv2
import pytest
from skimage import data


@pytest.fixture(scope='session')
def photo():
    """(60, 90, 3) uint8 RGB: a real photo."""
    return cv2.resize(data.chelsea(), (90, 60), interpolation=cv2.INTER_AREA)
