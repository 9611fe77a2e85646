"""Runs each benchmark at a tiny size; looks at what it writes, never at a time."""
import json
import os
import subprocess
import sys
from pathlib import Path

import layer
import loss
import network
import padding
import pytest
import runtimes
import torch

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


def test_layer(tmp_path):
    path = tmp_path / 'layer.json'
    layer.main([*TINY, '--width', '4', '--json', str(path)])
    check(json.loads(path.read_text()), 'layer',
          {'MMagic', "NVIDIA's definition", 'mmpconv', 'plain convolutions'}, cases=6)


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


def test_runtimes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(torch, 'compile', lambda network, dynamic: network)  # takes a minute
    path = tmp_path / 'runtimes.json'
    runtimes.main([*TINY, '--width', '4', '--layers', '2', '--json', str(path)])
    result = json.loads(path.read_text())
    check(result, 'runtimes', {'PyTorch', 'torch.compile', 'torch.export', 'ONNX Runtime'}, cases=2)
    assert [row['case'] for row in result['measurements'][::4]] == ['filling at 64 px', 'filling at 128 px']
    assert 'onnxruntime' in result['versions'] and result['difference'] > 0
    assert 'PyTorch is' in capsys.readouterr().out


def test_loss_runs_as_a_program(tmp_path):
    path = tmp_path / 'loss.json'
    done = subprocess.run([sys.executable, 'benchmarks/loss.py', *TINY, '--json', str(path)], cwd=ROOT,
                          capture_output=True, text=True, env={**os.environ, 'OMP_NUM_THREADS': '1'})
    assert done.returncode == 0, done.stderr
    check(json.loads(path.read_text()), 'loss', {'MMagic', 'mmpconv'}, cases=1)


@pytest.mark.parametrize('program, arguments, message', [
    (network, ['--size', '100'], 'size is 100 .* multiples of 128'),
    (network, ['--layers', '3'], 'layers is 3 .* at least 4'),
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
