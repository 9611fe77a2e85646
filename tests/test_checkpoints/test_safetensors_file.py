"""Weights as safetensors."""
import json
import struct

import pytest
import torch
from mmengine.runner.checkpoint import CheckpointLoader

import mmpconv.registry  # noqa: F401  (puts the loaders in force)
from mmpconv.checkpoints import CheckpointError, MissingCheckpointError, read_safetensors, write_safetensors

MODEL = dict(type='PConvInpaintor', encdec=dict(type='PConvEncoderDecoder', sizes=(3, 4)), slope=0.2, disc=None)
WEIGHTS = {'a.weight': torch.randn(3, 2, 5, 5, generator=torch.Generator().manual_seed(0)),
           'a.count': torch.tensor(7)}


def test_weights_and_what_the_file_says_of_them_come_back(tmp_path):
    write_safetensors(tmp_path / 'a.safetensors', WEIGHTS, MODEL, size=256, channel_order='rgb',
                      metadata=dict(author='somebody'))
    checkpoint = read_safetensors(tmp_path / 'a.safetensors')
    assert checkpoint['state_dict'].keys() == WEIGHTS.keys()
    assert all(torch.equal(checkpoint['state_dict'][key], value) for key, value in WEIGHTS.items())
    meta = checkpoint['meta']
    assert json.loads(meta['mmpconv_config']) == {**MODEL, 'encdec': {**MODEL['encdec'], 'sizes': [3, 4]}}
    assert (meta['mmpconv_size'], meta['mmpconv_channel_order'], meta['author']) == ('256', 'rgb', 'somebody')


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_widened_on_loading(tmp_path, dtype):
    write_safetensors(tmp_path / 'a.safetensors', WEIGHTS, dtype=dtype)
    wide = read_safetensors(tmp_path / 'a.safetensors')['state_dict']
    assert wide['a.weight'].dtype == torch.float32 and wide['a.count'].dtype == torch.int64
    assert torch.equal(wide['a.weight'], WEIGHTS['a.weight'].to(dtype).float())
    assert read_safetensors(tmp_path / 'a.safetensors', widen=False)['state_dict']['a.weight'].dtype == dtype


def test_views_and_shared_tensors_are_written_whole(tmp_path):
    weight = torch.arange(6.).reshape(2, 3)
    write_safetensors(tmp_path / 'a.safetensors', dict(a=weight, b=weight, c=weight.T, d=weight[:1].expand(4, 3)))
    read = read_safetensors(tmp_path / 'a.safetensors')['state_dict']
    assert torch.equal(read['a'], weight) and torch.equal(read['c'], weight.T) and read['d'].shape == (4, 3)


@pytest.mark.parametrize('name', ['a.safetensors', 'a.pth'])
def test_mmengine_loads_one_whatever_it_is_called(tmp_path, name):
    write_safetensors(tmp_path / name, WEIGHTS)
    checkpoint = CheckpointLoader.load_checkpoint(str(tmp_path / name), map_location='cpu', logger='silent')
    assert torch.equal(checkpoint['state_dict']['a.weight'], WEIGHTS['a.weight'])


@pytest.mark.parametrize('arguments, message', [
    (dict(weights={'a': 'text'}), 'the weight a is str but must be a tensor'),
    (dict(weights={'a': torch.zeros(2, device='meta')}), 'a tensor without values'),
    (dict(weights=WEIGHTS, model=dict(type=torch.nn.Conv2d)), 'cannot be written as JSON .*give types by name'),
    (dict(weights=WEIGHTS, model=dict(slope=float('nan'))), 'cannot be written as JSON'),
    (dict(weights={'a': torch.tensor([1e6])}, dtype=torch.float16), 'a has values up to 1e\\+06, too large'),
])
def test_what_cannot_be_stored_is_refused_and_leaves_no_file(tmp_path, arguments, message):
    with pytest.raises(CheckpointError, match=message):
        write_safetensors(tmp_path / 'a.safetensors', **arguments)
    assert not list(tmp_path.iterdir())


def header(content: bytes) -> bytes:
    return struct.pack('<Q', len(content)) + content


@pytest.mark.parametrize('content', [
    b'', b'\0', header(b'{}')[:9], header(b'{"a": 1}'), header(b'[1, 2]'), header(b'{"a"'), header(b'\xff\xfe'),
    struct.pack('<Q', 2**60) + b'{}',
    header(b'{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}') + b'\0' * 8,
    header(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}') + b'\0' * 8,
    header(b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}') + b'\0' * 4,
    header(b'{"a":{"dtype":"X9","shape":[1],"data_offsets":[0,4]}}') + b'\0' * 4,
    header(b'{"__metadata__":{"a":1}}'), header(b'{"__metadata__":7}'),
])
def test_what_is_none_of_safetensors_is_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / 'a.safetensors'
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match='a.safetensors cannot be read as safetensors, it may be') as error:
        CheckpointLoader.load_checkpoint(str(path), map_location='cpu', logger='silent')
    assert '\n' not in str(error.value)


def test_a_file_cut_short_is_refused_at_every_length(tmp_path):
    path = tmp_path / 'a.safetensors'
    write_safetensors(path, WEIGHTS, MODEL)
    content = path.read_bytes()
    for length in range(0, len(content), 37):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError):
            read_safetensors(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingCheckpointError, match='there is no checkpoint file .*a.safetensors'):
        read_safetensors(tmp_path / 'a.safetensors')
