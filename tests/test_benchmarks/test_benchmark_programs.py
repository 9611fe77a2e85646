"""Runs each benchmark at a tiny size; looks at what it writes, never at a time."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import large_holes
import layer
import loss
import network
import numpy as np
import padding
import padding_price
import photo
import pytest
import runtimes
import startup
import torch
import train_step
from PIL import Image
from tables import tables

ROOT = Path(__file__).resolve().parents[2]
TINY = ['--size', '64', '--batch', '1', '--repeats', '1', '--device', 'cpu']


def check(result: dict, benchmark: str, candidates: set[str], cases: int) -> None:
    assert result['benchmark'] == benchmark and result['device'] == 'cpu'
    assert {'python', 'torch', 'mmagic', 'mmpconv'} <= set(result['versions'])
    hardware = result['hardware']
    assert hardware['cpu'] and hardware['threads'] >= 1 and hardware['gpu'] is None
    assert hardware['load_before'] >= 0 and hardware['load_after'] >= 0
    assert result['settings']['size'] == 64 and 'commit' in result and len(result['date']) == 10
    assert result['difference'] < 1e-4
    assert len(result['measurements']) == cases * len(candidates)
    assert len({row['case'] for row in result['measurements']}) == cases
    assert {row['candidate'] for row in result['measurements']} == candidates
    for row in result['measurements']:
        seconds = row['seconds']
        assert seconds['repeats'] == 1
        ordered = [seconds[key] for key in ('min', 'quartile1', 'median', 'quartile3', 'max')]
        assert ordered[0] > 0 and ordered == sorted(ordered)


def test_network(tmp_path, capsys):
    path = tmp_path / 'network.json'
    network.main([*TINY, '--width', '4', '--layers', '5', '--json', str(path)])
    result = json.loads(path.read_text())
    check(result, 'network', {'MMagic', 'mmpconv', 'plain convolutions'}, cases=2)
    assert all(row['peak_bytes'] > 0 for row in result['measurements'])
    sizes = result['checkpoint_bytes']
    assert sizes['mmpconv'] == sizes['plain convolutions'] < 0.6 * sizes['MMagic']
    assert [target.get('at_least', target.get('at_most')) for target in result['targets']] \
        == [2.5, 1.1, 1.5, 1.15, 1.0]
    medians = {(row['case'], row['candidate']): row['seconds']['median'] for row in result['measurements']}
    assert result['targets'][0]['measured'] == pytest.approx(
        medians['inference', 'MMagic'] / medians['inference', 'mmpconv'])
    assert result['targets'][3]['measured'] == pytest.approx(
        medians['training step', 'mmpconv'] / medians['training step', 'plain convolutions'])
    printed = capsys.readouterr().out
    assert 'Targets' in printed and 'mmpconv' in printed and str(path) in printed


def test_train_step(tmp_path, capsys, monkeypatch):
    """Memory and matrix rate, which take processes and seconds, are those of others' tests."""
    monkeypatch.setattr(train_step, 'peak_bytes', lambda *args, **kwargs: 2**20)
    monkeypatch.setattr(train_step, '_matrix_rates', lambda device: dict(float32=2e11))
    path = tmp_path / 'train_step.json'
    train_step.main(['--size', '128', '--batch', '2', '--repeats', '1', '--device', 'cpu', '--json', str(path)])
    result = json.loads(path.read_text())
    assert {row['case'] for row in result['measurements']} == {'data and step', 'step', 'data'}
    medians = {(row['case'], row['candidate']): row['seconds']['median'] for row in result['measurements']}
    for name in ('MMagic', 'mmpconv', 'mmpconv --amp'):
        assert medians['data and step', name] == pytest.approx(medians['data', name] + medians['step', name])
        parts = result['breakdown'][name]
        assert sum(parts.values()) == pytest.approx(medians['data and step', name], rel=0.1)
        assert all(parts[part] > 0 for part in ('data', 'network', 'VGG', 'backward', 'optimizer', 'logging'))
    assert [target['measured'] for target in result['targets'][:2]] == pytest.approx(
        [medians['step', 'MMagic'] / medians['step', name] for name in ('mmpconv', 'mmpconv --amp')])
    assert result['difference'] < 1e-4 and result['flops'] > 6e10
    printed = ' '.join(capsys.readouterr().out.split())
    assert 'VGG has random weights' in printed and 'Parts of an iteration' in printed and "machine's limit" in printed


def test_layer(tmp_path, capsys):
    path = tmp_path / 'layer.json'
    layer.main([*TINY, '--width', '4', '--json', str(path)])
    peer = {'torch_pconv'} if layer.TorchPConv2d else set()
    check(json.loads(path.read_text()), 'layer',
          {'MMagic', "NVIDIA's definition", 'mmpconv', 'plain convolutions'} | peer, cases=36)
    assert ('not compared: pip install torch_pconv' in capsys.readouterr().out) == (not peer)


def test_padding_price(tmp_path, monkeypatch):
    monkeypatch.setattr(padding_price, 'COMPARISONS', dict(photos64=(32, 32), camvid=(64, 64)))
    padding_price.main(['--batch', '2', '--repeats', '1', '--modes', '1', '--device', 'cpu', '--json',
                        str(tmp_path / 'price.json')])
    result = json.loads((tmp_path / 'price.json').read_text())
    candidates = {}
    for row in result['measurements']:
        candidates.setdefault(row['case'], []).append(row['candidate'])
    assert candidates == {f'{name}, eager: {case}': paddings for name, paddings in (
        *((name, ['zero', 'partial', 'reflect', 'replicate']) for name in ('resnet18', 'vgg11')),
        *((name, ['zero', 'partial']) for name in ('deeplabv3plus_r18', 'unet')))
        for case in ('inference', 'training step')}
    assert len(result['targets']) == 8 and {target['at_most'] for target in result['targets']} == {1.03}
    assert result['reference'] == 'zero' and tables(result)[0].header[4] == 'zero is'


def test_padding(tmp_path, capsys):
    path = tmp_path / 'padding.json'
    padding.main([*TINY, '--layers', '18', '--json', str(path)])
    result = json.loads(path.read_text())
    check(result, 'padding', {'zero padding', 'mmpconv', "NVIDIA's definition", 'reflect padding',
                              'replicate padding'}, cases=2)
    assert [target['at_most'] for target in result['targets']] == [1.03, 1.06]
    medians = {(row['case'], row['candidate']): row['seconds']['median'] for row in result['measurements']}
    for target, case in zip(result['targets'], ('inference', 'training step')):
        assert target['what'] == f'{case}: time of mmpconv / zero padding'
        assert target['measured'] == pytest.approx(
            medians[f'ResNet-18: {case}', 'mmpconv'] / medians[f'ResNet-18: {case}', 'zero padding'])
    assert "differ from those of NVIDIA's definition by" in ' '.join(capsys.readouterr().out.split())


def test_photo(tmp_path, capsys):
    path = tmp_path / 'photo.json'
    photo.main(['--width', '4', '--layers', '5', '--percent', '20', '--repeats', '1', '--device', 'cpu',
                '--json', str(path)])
    result = json.loads(path.read_text())
    rows = {(row['case'], row['candidate']): row for row in result['measurements']}
    assert [*rows] == [*((case, 'mmpconv') for case in photo.CASES), (photo.PEER, 'MMagic')]
    assert all(row['peak_bytes'] > 0 and row['seconds']['median'] > 0 for row in rows.values())
    assert 0 < result['difference'] < 1e-4
    memory, area, size = result['targets']
    assert memory['measured'] == pytest.approx(rows[photo.ALL, 'mmpconv']['peak_bytes'] / 1e9)
    seconds = [rows[case, 'mmpconv']['seconds']['median'] for case in (photo.ALL, photo.FEW, photo.SMALL)]
    assert (area['measured'], size['measured']) == pytest.approx(
        (seconds[0] / seconds[1] / 5, seconds[1] / seconds[2]))
    assert 'Targets' in capsys.readouterr().out


@pytest.mark.parametrize('case, share, tolerance', [(case, share, 0.1) for case, (_, _, share) in photo.CASES.items()])
def test_the_hole_of_a_photo_has_the_share_that_it_is_to_have(case, share, tolerance):
    pixels, hole = photo.picture(case, 20)
    assert pixels.shape[:2] == hole.shape and hole.mean() == pytest.approx(share, rel=tolerance)


def test_large_holes(tmp_path, capsys, monkeypatch):
    """Networks that fill with one colour: what they score can be computed."""
    def one_color(config, checkpoint, coarse_to_fine):
        level = 255 if coarse_to_fine else 230
        return SimpleNamespace(fill=lambda photo, hole: photo.filled(np.full((*photo.shape, 3), level, np.uint8), hole))

    monkeypatch.setattr(large_holes, 'Inpainter', one_color)
    Image.fromarray(np.full((60, 80, 3), 128, np.uint8)).save(tmp_path / 'grey.png')
    large_holes.main(['config.py', 'checkpoint.pth', str(tmp_path)])
    rows = [re.findall(r'[\d.]+', line) for line in capsys.readouterr().out.splitlines() if 'pixels' in line]
    assert rows == [[str(radius), f'{100 * 102 / 255:.2f}', f'{100 * 127 / 255:.2f}'] for radius in (12, 24, 48, 96)]
    assert large_holes.disc((200, 300), 40, 3).sum() == pytest.approx(np.pi * 40**2, rel=0.01)


def test_runtimes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(torch, 'compile', lambda network, dynamic: network)  # takes a minute
    path = tmp_path / 'runtimes.json'
    runtimes.main([*TINY, '--width', '4', '--layers', '2', '--json', str(path)])
    result = json.loads(path.read_text())
    check(result, 'runtimes', {'PyTorch', 'torch.compile', 'torch.export', 'ONNX Runtime'}, cases=2)
    assert [row['case'] for row in result['measurements'][::4]] == ['filling at 64 px', 'filling at 128 px']
    assert 'onnxruntime' in result['versions'] and result['difference'] > 0
    assert 'PyTorch is' in capsys.readouterr().out


def test_startup(tmp_path):
    path = tmp_path / 'startup.json'
    startup.main(['--size', '64', '--repeats', '1', '--device', 'cpu', '--json', str(path)])
    result = json.loads(path.read_text())
    assert 'difference' not in result, 'no results are compared'
    names = {'import torch', 'mmpconv inpaint', 'mmpconv inpaint --help'}
    check({**result, 'difference': 0}, 'startup', names, cases=1)
    medians = {row['candidate']: row['seconds']['median'] for row in result['measurements']}
    assert medians['mmpconv inpaint --help'] < medians['mmpconv inpaint']


def test_loss_runs_as_a_program(tmp_path):
    path = tmp_path / 'loss.json'
    done = subprocess.run([sys.executable, 'benchmarks/loss.py', *TINY, '--json', str(path)], cwd=ROOT,
                          capture_output=True, text=True, env={**os.environ, 'OMP_NUM_THREADS': '1'})
    assert done.returncode == 0, done.stderr
    check(json.loads(path.read_text()), 'loss', {'MMagic', 'mmpconv'}, cases=1)


@pytest.mark.parametrize('program, arguments, message', [
    (network, ['--size', '100'], 'size is 100 .* multiples of 128'),
    (network, ['--layers', '3'], 'layers is 3 .* at least 4'),
    (train_step, ['--size', '100'], 'size is 100 .* multiple of 128'),
    (layer, ['--size', '100'], 'size is 100 .* multiple of 64'),
    (loss, ['--size', '100'], 'size is 100 .* multiple of 8'),
    (padding, ['--size', '32'], 'size is 32 .* at least 33'),
    (runtimes, ['--size', '100'], 'size is 100 .* multiple of 8'),
    (padding, ['--layers', '20'], 'layers is 20 .* 18, 34, 50'),
])
def test_sizes_that_do_not_fit_are_refused_with_a_sentence(program, arguments, message):
    with pytest.raises(SystemExit, match=message):
        program.main(arguments)


def test_default_result_file_is_in_the_docs(monkeypatch, tmp_path):
    import harness
    monkeypatch.setattr(harness, 'RESULTS', tmp_path)
    monkeypatch.setattr(harness, 'show', lambda result: None)
    args = harness.parse('', ['--device', 'cpu'], repeats=1)
    harness.finish(harness.start('network', args), args)
    assert json.loads((tmp_path / 'network-cpu.json').read_text())['settings'] == {'repeats': 1}
