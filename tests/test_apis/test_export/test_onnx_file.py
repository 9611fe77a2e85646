"""Exported files, run by ONNX Runtime as anybody would."""
import hashlib
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from exported_networks import SHAPES, SIZES, random_photos

from mmpconv.apis import export as agreement
from mmpconv.apis import export as onnx_file
from mmpconv.apis.trained_network import load_picture_network
from mmpconv.errors import LaunchError
from mmpconv.version import __version__


def run(path, image, hole):
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    outputs = session.run(['filled', 'reached'], dict(image=image.numpy(), hole=hole.numpy()))
    return tuple(map(torch.from_numpy, outputs))


@pytest.mark.parametrize('name', SIZES)
def test_onnx_runtime_fills_photos_of_any_size_as_pytorch_does(name, trained, exported):
    network = load_picture_network(*trained(name))
    for shape in SHAPES:
        image, hole = random_photos(shape)
        with torch.inference_mode():
            expected, seen = network(image, hole)
        filled, reached = run(exported(name), image, hole)
        assert filled.dtype == reached.dtype == torch.float32
        assert torch.equal(reached, (seen > 0).float())
        torch.testing.assert_close(filled, expected, rtol=0, atol=1e-4, msg=lambda text: f'{shape}: {text}')  # noqa: B023


@pytest.mark.parametrize('name', SIZES)
def test_hole_pixels_never_reach_the_output_and_valid_ones_do_unchanged(name, exported):
    image, hole = random_photos((2, 31, 65))
    filled, reached = run(exported(name), image, hole)
    of_nan, reached_of_nan = run(exported(name), image.masked_fill(hole == 1, torch.nan), hole)
    assert torch.equal(filled, of_nan) and torch.equal(reached, reached_of_nan)
    valid = (hole == 0).expand_as(image)
    assert torch.equal(filled[valid], image[valid]) and not torch.equal(filled, image)
    assert filled.min() >= 0 and filled.max() <= 1


def test_a_photo_that_is_one_hole_is_not_reached(exported):
    image, hole = torch.rand(1, 3, 20, 30), torch.ones(1, 1, 20, 30)
    assert not run(exported('pconv'), image, hole)[1].any()
    hole[0, 0, 3, 4] = 0
    assert run(exported('pconv'), image, hole)[1].all()


@pytest.mark.parametrize('name', SIZES)
def test_file_says_what_it_is_and_needs_nothing_beside_it(name, trained, exported):
    config, checkpoint = trained(name)
    model = onnx.load(exported(name), load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    assert [entry.name for entry in exported(name).parent.iterdir()] == [f'{name}.onnx']
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [('', 18)]
    described = {entry.key: entry.value for entry in model.metadata_props}
    with open(checkpoint, 'rb') as file:
        sha256 = hashlib.sha256(file.read()).hexdigest()
    expected = dict(format='1', name=name, size=SIZES[name], channel_order='rgb', config=config, version=__version__,
                    checkpoint_sha256=sha256, torch_version=torch.__version__)
    assert {key: described[f'mmpconv.{key}'] for key in expected} == expected
    shapes = {value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
              for value in (*model.graph.input, *model.graph.output)}
    image, mask = (['batch', channels, 'height', 'width'] for channels in (3, 1))
    assert shapes == dict(image=image, hole=mask, filled=image, reached=mask)


@pytest.fixture
def written_already(monkeypatch, exported):
    """Leaves out the export itself: the file of another one is taken."""
    monkeypatch.setattr(onnx_file, 'trace', lambda network: None)
    monkeypatch.setattr(onnx_file, 'write_onnx', lambda program, description, path: path.write_bytes(
        exported('pconv').read_bytes()))


def change(load, how):
    def changed(*args):
        network, description = load(*args)
        how(network)
        return network, description

    return changed


@pytest.mark.parametrize('how', [
    lambda network: network.mean.add_(0.001), lambda network: setattr(network, 'rgb', True),
], ids=['colours', 'channel order'])
def test_a_file_that_computes_something_else_is_not_kept(how, written_already, monkeypatch, trained, tmp_path):
    path = tmp_path / 'model.onnx'
    path.write_text('that of before')
    monkeypatch.setattr(onnx_file, 'load_described', change(onnx_file.load_described, how))
    with pytest.raises(LaunchError, match=r'model.onnx was not written: .* differs from PyTorch by .* \d x \d+ x'):
        onnx_file.export_onnx(*trained('pconv'), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ['model.onnx'] and path.read_text() == 'that of before'


def test_interrupted_export_leaves_nothing(written_already, monkeypatch, trained, tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(onnx_file, 'compare', interrupt)
    with pytest.raises(KeyboardInterrupt):
        onnx_file.export_onnx(*trained('pconv'), tmp_path / 'new' / 'model.onnx')
    assert not list((tmp_path / 'new').iterdir())


def test_a_wrong_value_in_one_pixel_of_a_batch_is_found(trained):
    network = load_picture_network(*trained('imagenet'))

    def wrong(image, hole):
        filled, reached = network(image, hole)
        if len(filled) == 3:
            filled[2, 1, -1, -1] += 0.01
        return filled, reached

    comparisons = agreement.compare(wrong, network)
    assert {c.shape for c in comparisons if c.difference > c.allowed} == {(3, 7, 130)}
    with pytest.raises(LaunchError, match='by 1.0e-02 .* for 3 x 7 x 130'):
        agreement.require_agreement(comparisons, 'x.onnx')


@pytest.mark.parametrize('wrong', [
    lambda filled, reached: (filled * torch.nan, reached), lambda filled, reached: (filled, 1 - reached),
    lambda filled, reached: (filled[..., :1], reached)
], ids=['NaN', 'reach', 'size'])
def test_what_cannot_be_compared_does_not_agree(wrong, trained, monkeypatch):
    monkeypatch.setattr(agreement, 'SHAPES', ((2, 5, 7), ))
    network = load_picture_network(*trained('imagenet'))
    comparisons = agreement.compare(lambda image, hole: wrong(*network(image, hole)), network)
    assert all(np.isinf(c.difference) for c in comparisons)


def test_more_weights_than_a_file_holds_are_refused_before_the_work(monkeypatch, trained, tmp_path):
    monkeypatch.setattr(onnx_file, '_LARGEST', 1000)
    monkeypatch.setattr(onnx_file, 'trace', None)
    with pytest.raises(LaunchError, match='GB of weights'):
        onnx_file.export_onnx(*trained('imagenet'), tmp_path / 'model.onnx')


@pytest.mark.parametrize('module, message', [
    ('onnx', 'onnx is missing'), ('onnxscript', 'onnxscript is missing'), ('onnx_ir', 'onnx_ir is missing'),
    ('onnx_ir.schemas', r'onnx_ir [0-9.]+ is too old')
])
def test_missing_packages_are_named_before_the_work(module, message, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(LaunchError, match=rf"{message}; install .*'mmpconv\[export\]'"):
        onnx_file.export_onnx('none.py', None, tmp_path / 'model.onnx')
