import cv2
import pytest
from skimage import data

from mmpconv.cli import main


@pytest.fixture(scope='session')
def jpeg():
    """The bytes of a small real photo."""
    small = cv2.resize(data.chelsea(), (48, 32))[..., ::-1]
    return cv2.imencode('.jpg', small)[1].tobytes()


@pytest.fixture
def put(tmp_path, jpeg):
    """Write photos, ``put('a.jpg', 'b/c.png')``, all with the same content; returns the folder."""

    def put(*names, content=jpeg):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        return tmp_path

    return put


@pytest.fixture
def fails(capsys):
    """Prepare a data set, which has to fail; returns its error."""

    def fails(name, *argv):
        with pytest.raises(SystemExit) as ending:
            main(['prepare-dataset', name, *map(str, argv)])
        message = ending.value.code
        assert isinstance(message, str) and message.startswith('error: ') and '\n' not in message
        return message

    return fails
