"""The doctor: each rule on made-up installations, and its programs on this one."""
import dataclasses
import json
import subprocess
import sys

import pytest
from patience import PATIENCE

from mmpconv.cli import main
from mmpconv.installation import facts as facts_module
from mmpconv.installation.facts import PROBES, Facts, may_write, missing_of_extras, run
from mmpconv.installation.rules import OK, PROBLEM, RULES, WARNING, Finding, examine

LITE = {'torch': '2.11.0', 'torchvision': '0.26.0', 'mmengine': '0.10.7', 'mmcv-lite': '2.1.0', 'mmagic': '1.2.0'}
GOOD = Facts(python=(3, 11), versions={
    **LITE, 'numpy': '2.4.6', 'pillow': '13.0.0', 'opencv-python': '4.14.0.94', 'opencv-python-headless': '4.14.0.94',
    'opencv-contrib-python': '4.14.0.94', 'opencv-contrib-python-headless': '4.14.0.94', 'diffusers': '0.42.1',
    'transformers': '5.24.0', 'setuptools': '81.0.0', 'onnx': '1.23.2', 'onnx-ir': '1.1.0', 'ml_dtypes': '0.6.0'})
GPU = dict(cuda='12.8', gpus=[dict(name='RTX', memory_gib=24.0)])
WEIGHTS = dict(model='pconv', url='https://host/pconv.pth', file='/cache/pconv.pth', there=False)


def with_versions(**versions):
    """The good installation with other versions; None: not installed."""
    versions = {**GOOD.versions, **{name.replace('__', '-'): version for name, version in versions.items()}}
    return dataclasses.replace(GOOD, versions={name: version for name, version in versions.items() if version})


# What is wrong, the level, and words of the finding or its remedy. One line or more for every rule.
FAULTS = [
    (dataclasses.replace(GOOD, python=(3, 14)), PROBLEM, '3.14: mmpconv is made for 3.11 to 3.13; nobody has tried'),
    (dataclasses.replace(GOOD, python=(3, 10)), PROBLEM, '3.10: mmpconv is made for 3.11 to 3.13; Pillow'),
    (with_versions(torch=None, torchvision=None), PROBLEM, "pip install 'torch>=2.6'"),
    (with_versions(mmengine=None), PROBLEM, "pip install 'mmengine>=0.10,<0.11'"),
    (with_versions(mmagic=None), WARNING, "pip install 'mmpconv[inpainting]'"),
    (with_versions(torch='2.5.1', torchvision='0.20.1'), PROBLEM, '2.5.1: too old for mmpconv'),
    (with_versions(mmengine='0.9.1'), PROBLEM, '0.9.1: too old'),
    (with_versions(mmengine='0.11.0rc1'), WARNING, '0.11.0rc1: not tried'),
    (with_versions(mmcv__lite='2.0.1'), PROBLEM, '2.0.1: too old'),
    (with_versions(mmcv__lite=None, mmcv='2.0.1'), PROBLEM, '2.0.1: too old'),
    (with_versions(mmcv__lite='2.2.0'), PROBLEM, 'refuse it'),
    (with_versions(mmcv__lite=None, mmcv='2.2.0'), PROBLEM, 'refuse it'),
    (with_versions(mmagic='1.1.0'), WARNING, 'made for 1.2.0'),
    (with_versions(pillow='12.3.0'), WARNING, "pip install --upgrade 'pillow>=13'"),
    (with_versions(setuptools='82.0.0'), PROBLEM, "pip install 'setuptools<82'"),
    (with_versions(ml_dtypes='0.4.1'), PROBLEM, "pip install 'ml_dtypes>=0.5'"),
    (with_versions(onnx__ir='0.1.8'), WARNING, "pip install --upgrade 'mmpconv[export]'"),
    (with_versions(torchvision='0.25.0'), PROBLEM, '0.25.0 was built for torch 2.10, and torch is 2.11.0'),
    (with_versions(torch='2.11.0+cpu'), PROBLEM, 'one is for CPUs only'),
    (with_versions(mmcv='2.1.0'), PROBLEM, 'mmcv and mmcv-lite are both installed'),
    (with_versions(opencv__python='4.13.0.92'), WARNING, 'opencv-python 4.13.0.92, opencv-python-headless 4.14.0.94'),
    *((dataclasses.replace(GOOD, broken={probe: f'ImportError: {probe}'}), level, f'ImportError: {probe}')
      for probe, level in dict(torch=PROBLEM, torchvision=PROBLEM, mmengine=PROBLEM, mmagic=PROBLEM, opencv=PROBLEM,
                               mmseg=WARNING, mmpretrain=WARNING, onnx=WARNING, onnxruntime=WARNING, starlette=WARNING,
                               gpu=WARNING, weights=WARNING, **{'mmcv operations': WARNING}).items()),
    (dataclasses.replace(GOOD, nvidia=True, working=dict(gpu=dict(cuda=None, gpus=[]))), WARNING, 'without CUDA'),
    (dataclasses.replace(GOOD, nvidia=True, working=dict(gpu=dict(cuda='12.8', gpus=[]))), WARNING, 'sees no GPU'),
    (dataclasses.replace(GOOD, working=dict(weights=WEIGHTS)), WARNING, '/cache/pconv.pth'),
    (dataclasses.replace(GOOD, writable={'/': False, '/tmp': True}), WARNING, 'no permission to write into /;'),
]
OPENCVS = ['opencv-python', 'opencv-python-headless', 'opencv-contrib-python', 'opencv-contrib-python-headless']


def faults_of(facts):
    return [finding for finding in examine(facts) if finding.level != OK]


def test_nothing_is_wrong_with_the_versions_of_the_lock_file():
    assert faults_of(GOOD) == []


@pytest.mark.parametrize('facts, level, words', FAULTS, ids=[words for *_, words in FAULTS])
def test_a_fault_is_found_alone_and_has_a_remedy(facts, level, words):
    finding, = faults_of(facts)
    assert finding.level == level and words in f'{finding.detail}; {finding.remedy}' and finding.remedy


OPENCV_FAULTS = [
    (dataclasses.replace(GOOD, versions={**LITE, package: version}), words)
    for package in OPENCVS for version, words in {'4.11.0.86': 'CVE-2025-53644', '5.0.0.93': 'not tried'}.items()]


@pytest.mark.parametrize('facts, words', OPENCV_FAULTS)
def test_an_opencv_with_known_holes_or_one_that_was_not_tried_is_found(facts, words):
    finding, = faults_of(facts)
    assert finding.level == WARNING and words in finding.detail and '>=4.12,<5' in finding.remedy


def test_every_rule_is_tried_by_these_tests():
    tried = [facts for facts, *_ in FAULTS + OPENCV_FAULTS]
    assert [rule for rule in RULES if not any(rule(facts) for facts in tried)] == []


def test_cpu_versions_of_torch_and_torchvision_go_together():
    assert faults_of(with_versions(torch='2.11.0+cpu', torchvision='0.26.0+cpu')) == []


def test_what_fails_because_torch_does_is_not_blamed():
    broken = dict(torch='OSError: libcudart', gpu='OSError: libcudart', mmagic='OSError: libcudart', mmseg='KeyError')
    assert [finding.subject for finding in faults_of(dataclasses.replace(GOOD, broken=broken))] == ['torch', 'mmseg']


def test_what_works_is_listed_once():
    findings = examine(dataclasses.replace(GOOD, nvidia=True, working=dict(gpu=GPU), missing=dict(web=['starlette'])))
    assert Finding(OK, 'gpu', 'RTX, 24.0 GiB; CUDA 12.8; convolves') in findings
    assert Finding(OK, 'extra [web]', 'not installed: starlette', "pip install 'mmpconv[web]'") in findings


def test_extras_are_complete_when_all_of_theirs_is_installed_in_the_right_version(monkeypatch):
    monkeypatch.setattr(facts_module, 'installed', lambda names: dict.fromkeys(set(names) & {'a', 'b'}, '1.0'))
    missing = missing_of_extras(['core', 'a; extra == "x"', 'b<1; python_version >= "3" and extra == "y"',
                                 "c>2; extra == 'y'", 'd; python_version < "3" and extra == "y"'], ['x', 'y'])
    assert missing == dict(x=[], y=['b<1', 'c>2'])


def test_a_probe_survives_what_it_tries():
    assert run('found["a"] = 1; print("noise")') == ({'a': 1}, None)
    assert run('raise ImportError("no such thing")') == ({}, 'ImportError: no such thing')
    assert run('import os; os.kill(os.getpid(), 9)') == ({}, 'ends its process by signal 9')


def test_folders_that_are_not_there_yet_can_be_written_where_their_parents_can(tmp_path):
    assert may_write(tmp_path / 'not/yet')
    (tmp_path / 'file').touch()
    assert not may_write(tmp_path / 'file/in/it')


def test_every_probe_runs_a_program_and_has_a_rule():
    for name in PROBES:
        assert faults_of(dataclasses.replace(GOOD, broken={name: 'ImportError'})), name


@pytest.mark.parametrize('facts, status', [(GOOD, 0), (with_versions(pillow='12.3.0'), 0),
                                           (with_versions(torch=None, torchvision=None), 1)])
def test_the_exit_status_says_whether_there_is_a_problem(facts, status, monkeypatch, capsys):
    monkeypatch.setattr(facts_module, 'gather', lambda: facts)
    assert main(['doctor', '--json']) == status
    report = json.loads(capsys.readouterr().out)
    assert report['versions'] == facts.versions
    assert ('problem' in {finding['level'] for finding in report['findings']}) == bool(status)
    assert main(['doctor']) == status
    assert ("pip install 'torch>=" in ' '.join(capsys.readouterr().out.replace('│', ' ').split())) == bool(status)


BROKEN = """
import sys
for name in ('torch', 'numpy', 'mmengine', 'mmcv', 'cv2', 'PIL', 'rich'):
    sys.modules[name] = None
from mmpconv.installation import facts
facts.PROBES = {}
from mmpconv.cli import main
sys.exit(main(['doctor']))
"""


def test_it_runs_where_nothing_else_can_be_imported():
    result = subprocess.run([sys.executable, '-c', BROKEN], capture_output=True, text=True, timeout=PATIENCE)
    assert 'Traceback' not in result.stderr
    assert 'ok       Python: 3.' in result.stdout
