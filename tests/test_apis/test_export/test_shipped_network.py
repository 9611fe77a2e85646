"""The network of the package, exported: its pyramids are what no other network has."""
import onnxruntime
import pytest
import torch
from exported_networks import random_photos

from mmpconv.apis import export
from mmpconv.apis.trained_network import load_picture_network
from mmpconv.ops import pyramid

# Each level takes seconds to trace; two reach over four pixels, and have all operations that eleven have.
SHAPES = ((1, 4, 4), (2, 3, 4), (3, 1, 3), (1, 1, 1), (2, 4, 1))


@pytest.fixture
def two_levels(monkeypatch):
    monkeypatch.setattr(pyramid, 'EXPORTED_LEVELS', 2)
    monkeypatch.setattr(export, 'SHAPES', SHAPES)


def of_onnx(path, image, hole):
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    outputs = session.run(['filled', 'reached'], dict(image=image.numpy(), hole=hole.numpy()))
    return tuple(map(torch.from_numpy, outputs))


@pytest.mark.slow
def test_it_fills_photos_of_any_size_as_pytorch_does(two_levels, trained, tmp_path):
    path = tmp_path / 'network.onnx'
    comparisons = export.export_onnx(*trained('oriented'), path)
    assert {comparison.shape for comparison in comparisons} == {*SHAPES}
    network = load_picture_network(*trained('oriented'))
    for shape in SHAPES:
        image, hole = random_photos(shape, seed=1)
        with torch.inference_mode():
            expected, seen = network(image, hole)
            filled, reached = of_onnx(path, image.masked_fill(hole > 0, torch.nan), hole)
        torch.testing.assert_close(filled, expected, rtol=0, atol=1e-5)
        assert torch.equal(reached > 0, seen > 0)
