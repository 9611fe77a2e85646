"""Exported networks in the place of those of PyTorch."""
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from exported_networks import random_photos

from mmpconv.apis.networks import OnnxNetwork
from mmpconv.apis.torch_network import TorchNetwork
from mmpconv.apis.trained_network import load_picture_network
from mmpconv.errors import LaunchError

ROOT = Path(__file__).resolve().parents[3]


def arrays(shape, seed=0):
    image, hole = random_photos(shape, seed)
    return image.permute(0, 2, 3, 1).numpy(), hole[:, 0].numpy() == 1


@pytest.mark.parametrize('name', ['pconv', 'plain'])
def test_it_is_a_network_as_that_of_pytorch(name, trained, exported):
    reference = TorchNetwork(load_picture_network(*trained(name)), 'cpu')
    network = OnnxNetwork(exported(name))
    assert (network.size, network.device) == (reference.size, 'cpu')
    for shape in ((1, 40, 30), (3, 33, 65), (1, 1, 1)):
        images, holes = arrays(shape)
        filled, reached = network(images, holes)
        expected, seen = reference(images, holes)
        assert filled.dtype == np.float32 and reached.dtype == bool
        np.testing.assert_allclose(filled, expected, rtol=0, atol=1e-4)
        np.testing.assert_array_equal(reached, seen)


def test_threads_do_not_meet(exported):
    network = OnnxNetwork(exported('pconv'))
    inputs = [arrays((1 + seed % 3, 20 + 7 * seed, 70 - 5 * seed), seed) for seed in range(10)]
    expected = [network(*each) for each in inputs]
    with ThreadPoolExecutor(5) as threads:
        results = list(threads.map(lambda each: network(*each), 3 * inputs))
    for (filled, reached), (alone, reached_alone) in zip(results, 3 * expected):
        np.testing.assert_array_equal(filled, alone)
        np.testing.assert_array_equal(reached, reached_alone)


MEASURE = """
import sys
import numpy as np
from mmpconv.apis.networks import OnnxNetwork

def resident():
    return int(open('/proc/self/statm').read().split()[1]) * 4 / 1024

network = OnnxNetwork(sys.argv[1], 'cpu')
def fill(height, width):
    network(np.ones((1, height, width, 3), np.float32), np.ones((1, height, width), bool))

fill(600, 600)
before = resident()
for step in range(32):
    fill(600 - 8 * step, 352 + 8 * step)
print(resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='reads /proc')
def test_memory_does_not_grow_with_the_sizes_that_were_seen(exported):
    done = subprocess.run([sys.executable, '-c', MEASURE, exported('pconv')], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 48, 'MiB; one result of each size would be more than 64'


ALONE = """
import sys
import numpy as np

class Blocker:
    def find_spec(self, name, path=None, target=None):
        for blocked in ('torch', 'mmagic', 'mmengine', 'mmcv', 'mmpconv.models', 'mmpconv.ops', 'mmpconv.engine',
                        'diffusers', 'transformers', 'onnx', 'onnxscript'):
            if name == blocked or name.startswith(blocked + '.'):
                raise ModuleNotFoundError(f'{name} is blocked')

sys.meta_path.insert(0, Blocker())
from mmpconv.apis import Inpainter

photo = np.load(sys.argv[2])
hole = np.zeros(photo.shape[:2], bool)
hole[20:30, 30:50] = True
np.save(sys.argv[3], Inpainter(sys.argv[1])(photo, hole))
"""


def test_it_fills_where_neither_torch_nor_any_mm_library_can_be_imported(trained, exported, tmp_path):
    photo = (arrays((1, 60, 80))[0][0] * 255).round().astype(np.uint8)
    np.save(tmp_path / 'photo.npy', photo)
    done = subprocess.run([sys.executable, '-c', ALONE, exported('pconv'), 'photo.npy', 'filled.npy'], cwd=tmp_path,
                          env={**os.environ, 'PYTHONPATH': os.pathsep.join([str(ROOT), *sys.path])},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    from mmpconv.apis import Inpainter

    hole = np.zeros(photo.shape[:2], bool)
    hole[20:30, 30:50] = True
    expected = Inpainter(*trained('pconv'), device='cpu')(photo, hole)
    filled = np.load(tmp_path / 'filled.npy')
    assert np.abs(filled.astype(int) - expected).max() <= 1 and (filled[hole] != photo[hole]).any()


def foreign(path, **metadata):
    """A model that is valid, but not ours."""
    value = onnx.helper.make_tensor_value_info('x', onnx.TensorProto.FLOAT, [1])
    result = onnx.helper.make_tensor_value_info('y', onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node('Abs', ['x'], ['y'])], 'graph', [value], [result])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 18)], ir_version=9)
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, path)
    return path


def test_what_cannot_be_run_gets_one_sentence(exported, tmp_path, monkeypatch):
    path = exported('pconv')
    text, cut = tmp_path / 'text.onnx', tmp_path / 'cut.onnx'
    text.write_text('no model')
    cut.write_bytes(path.read_bytes()[:-1000])
    newer = foreign(tmp_path / 'newer.onnx', **{'mmpconv.format': '7', 'mmpconv.version': '9.9'})
    for given, message in ((text, 'text.onnx cannot be read as an ONNX file'), (cut, 'cut.onnx cannot be read'),
                           (tmp_path / 'none.onnx', 'there is no file'), (tmp_path, 'there is no file'),
                           (foreign(tmp_path / 'foreign.onnx'), 'none that mmpconv export has written'),
                           (newer, 'was written by mmpconv 9.9 in format 7, and this version reads format 1')):
        with pytest.raises(LaunchError, match=message) as caught:
            OnnxNetwork(given)
        assert '\n' not in str(caught.value)
    for device, message in (('tpu', "'tpu', but an ONNX file runs on"), ('cuda:x', 'cuda:x'), ('cpu:1', 'cpu:1')):
        with pytest.raises(LaunchError, match=message):
            OnnxNetwork(path, device)
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(LaunchError, match=r"pip install 'mmpconv\[export\]'"):
        OnnxNetwork(path)


def forged(path, size='64', names=('image', 'hole', 'filled', 'reached'), kind=onnx.TensorProto.FLOAT, node='Identity',
           **attributes):
    """A model that says that it is ours."""
    image, hole, filled, reached = (onnx.helper.make_tensor_value_info(name, kind, None) for name in names)
    nodes = [onnx.helper.make_node(node, [names[number]], [names[number + 2]], **attributes) for number in (0, 1)]
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, 'graph', [image, hole], [filled, reached]),
                                   opset_imports=[onnx.helper.make_opsetid('', 18)], ir_version=9)
    onnx.helper.set_model_props(model, {'mmpconv.format': '1', **({} if size is None else {'mmpconv.size': size})})
    onnx.save(model, path)
    return path


def test_a_forged_file_with_all_that_is_asked_for_is_run(tmp_path):
    network = OnnxNetwork(forged(tmp_path / 'a.onnx'))
    filled, reached = network(*arrays((2, 40, 30)))
    assert (network.size, filled.shape, reached.shape) == (64, (2, 40, 30, 3), (2, 40, 30))


@pytest.mark.parametrize('size', [None, '', 'large', '-3', '0', '1e9', '64.5', '9' * 40, '\u0663', ' 64'])
def test_metadata_of_a_wrong_kind_or_range_are_refused(tmp_path, size):
    with pytest.raises(LaunchError, match='a.onnx says that its network was trained on photos of .* damaged') as caught:
        OnnxNetwork(forged(tmp_path / 'a.onnx', size))
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('arguments', [
    dict(names=('photo', 'hole', 'filled', 'reached')), dict(names=('image', 'hole', 'filled', 'seen')),
    dict(kind=onnx.TensorProto.DOUBLE), dict(kind=onnx.TensorProto.INT64)])
def test_inputs_and_outputs_of_another_kind_are_refused(tmp_path, arguments):
    with pytest.raises(LaunchError, match='a.onnx has the (in|out)puts .* of tensor.float.; export') as caught:
        OnnxNetwork(forged(tmp_path / 'a.onnx', **arguments))
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('node, attributes, message', [
    ('Flatten', {}, 'gives float32 .* should give such shapes'),
    ('Transpose', dict(perm=[0, 1, 3, 2]), 'gives float32'),
    ('Transpose', dict(perm=[0, 1]), 'cannot be run on windows of 40 x 30 pixels')])
def test_results_of_another_shape_are_refused(tmp_path, node, attributes, message):
    with pytest.raises(LaunchError, match=f'a.onnx {message}') as caught:
        OnnxNetwork(forged(tmp_path / 'a.onnx', node=node, **attributes))(*arrays((2, 40, 30)))
    assert '\n' not in str(caught.value)


def test_a_gpu_that_is_not_there_is_named(exported, monkeypatch):
    import onnxruntime

    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: ['CPUExecutionProvider'])
    with pytest.raises(LaunchError, match='runs on the CPU only; .* pip install onnxruntime-gpu'):
        OnnxNetwork(exported('pconv'), 'cuda')
    assert OnnxNetwork(exported('pconv'), 'auto').device == 'cpu'


def test_too_little_memory_is_said_in_terms_of_windows(exported, monkeypatch):
    network = OnnxNetwork(exported('pconv'), 'cpu')

    class Full:
        def run(self, *_):
            raise RuntimeError('Failed to allocate memory for requested buffer of size 10')

    network._session = Full()
    with pytest.raises(LaunchError, match='too little memory for windows of 40 x 30 pixels, 2 at a time'):
        network(*arrays((2, 40, 30)))
