"""``mmpconv compare-padding``: the ready comparisons, and a config of a user's own."""
import sys
from pathlib import Path

import pytest
from comparison_runs import CONFIG, TRAIN, write_configs
from mmengine.config import Config

from mmpconv.analysis.padding_comparison import compare
from mmpconv.analysis.padding_comparison.plan import READY, default_work_dir, is_own_config, mark_of, resolve
from mmpconv.cli import main
from mmpconv.cli.main import parse
from mmpconv.errors import LaunchError

ROOT = Path(__file__).parents[3]
# A config whose model MMEngine can build, and whose convolutions have padding.
OWN = CONFIG.replace("dict(type='Net', width=4)", "dict(type='NarrowVGG', depth=11, width=8)").replace(
    "default_scope = 'mmengine'", "default_scope = 'mmengine'\ncustom_imports = dict(imports=['own_network'])")
NETWORK = """
from mmengine.registry import MODELS
from mmpconv.models import NarrowVGG
MODELS.register_module(module=NarrowVGG, force=True)
"""


def plan(*argv, root=ROOT, folder=Path('runs')):
    args = parse('compare-padding', [*map(str, argv)])
    args.work_dir = args.work_dir or folder
    return resolve(args, root)


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / 'own_network.py').write_text(NETWORK)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'mine').mkdir()
    path = tmp_path / 'mine/own.py'
    path.write_text(OWN)
    yield path
    sys.modules.pop('own_network', None)


def test_all_that_the_list_names_is_there(capsys):
    main(['compare-padding', '--list'])
    shown = capsys.readouterr().out
    for name, ready in READY.items():
        assert f'{name}\n    networks  {" ".join(ready.networks)}\n    paddings  {" ".join(ready.paddings)}\n' in shown
        assert ready.data and ready.cost and ready.template in shown and ready.paddings[0] == 'zero'
        for network in ready.networks:
            for padding in ready.paddings:
                assert (ROOT / ready.template.format(network=network, padding=padding)).is_file()


def test_what_is_not_said_is_that_of_the_ready_comparison():
    assert plan() == plan('digits') and plan().networks == ('resnet', 'vgg')
    camvid = plan('camvid')
    assert camvid.template == str(ROOT / READY['camvid'].template) and camvid.metric == 'mIoU'
    assert camvid.further == READY['camvid'].further and camvid.paddings == ('zero', 'partial')
    changed = plan('photos64', '--networks', 'vgg11', '--paddings', 'zero', 'reflect', '--metric', 'a', '--shifts', '4')
    assert (changed.networks, changed.paddings, changed.metric, changed.shifts) == (
        ('vgg11', ), ('zero', 'reflect'), 'a', (4, ))
    assert plan('photos64', '--shifts').shifts == ()
    assert plan('a-{network}-{padding}.py', '--networks', 'b').metric == 'accuracy/top1'


def test_each_comparison_has_a_work_dir_and_a_place_on_a_page_of_its_own():
    assert default_work_dir(None) == default_work_dir('digits') == Path('work_dirs/compare_padding')
    assert default_work_dir('camvid') == Path('work_dirs/compare_padding-camvid')
    assert default_work_dir('mine/own.py') == Path('work_dirs/compare_padding-own')
    assert default_work_dir('a-{network}-{padding}.py') == Path('work_dirs/compare_padding')
    marks = [mark_of(name) for name in (None, *READY)]
    assert marks[0] == marks[1] and len(set(marks)) == len(READY)
    assert mark_of('a-{network}-{padding}.py') == marks[0]


@pytest.mark.parametrize('argv, words', [
    (['photos46'], 'photos46 is no comparison; give one of digits, photos64'),
    (['{network}-{padding}.py'], 'name the networks with --networks'),
    (['photos64', '--shifts', '8', '0'], '--shifts is 8 0 but takes pixels from small to large'),
    (['photos64', '--shifts', '-4'], '--shifts is -4'),
])
def test_what_cannot_be_meant_is_refused(argv, words):
    with pytest.raises(LaunchError, match=words):
        plan(*argv)


def test_a_config_is_compared_with_itself_in_other_paddings(own, tmp_path):
    assert is_own_config(str(own)) and is_own_config('mmpretrain::resnet/resnet18_8xb16_cifar10.py')
    found = plan(own, '--paddings', 'zero', 'partial', '--metric', 'score', folder=tmp_path / 'runs')
    assert found.networks == ('own', ) and found.paddings == ('zero', 'partial') and found.metric == 'score'
    configs = {padding: Config.fromfile(found.template.format(network='own', padding=padding)).to_dict()
               for padding in found.paddings}
    base = Config.fromfile(own).to_dict()
    assert configs['zero'] == base
    assert configs['partial']['model'] == dict(type='PaddedModel', mode='partial', model=base['model'])
    before = (tmp_path / 'runs/configs/own-partial.py').stat().st_mtime_ns
    plan(own, '--paddings', 'zero', 'partial', '--metric', 'score', folder=tmp_path / 'runs')
    assert (tmp_path / 'runs/configs/own-partial.py').stat().st_mtime_ns == before


@pytest.mark.parametrize('evaluator, metric', [
    ("dict(type='Accuracy', topk=(1, ))", 'accuracy/top1'), ("[dict(type='mmseg.IoUMetric')]", 'mIoU'),
    ("dict(type='BorderIoUMetric')", 'mIoU')])
def test_the_score_is_that_of_the_first_metric(own, tmp_path, evaluator, metric):
    own.write_text(OWN.replace("dict(type='Score')", evaluator))
    assert plan(own, '--paddings', 'zero', folder=tmp_path).metric == metric


@pytest.mark.parametrize('argv, words', [
    ([], 'name the score by which .* with --metric'),
    (['--networks', 'a'], '--networks goes with several configs'),
    (['--metric', 'score', '--paddings', 'zero', 'circular'], '--paddings has circular but a config can be given')])
def test_what_a_config_cannot_be_compared_by_is_refused(own, tmp_path, argv, words):
    with pytest.raises(LaunchError, match=words):
        plan(own, *argv, folder=tmp_path / 'runs')
    assert not list(tmp_path.glob('runs/configs/*'))


def test_one_command_trains_and_compares_a_users_config(own, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(compare, 'POLL', 0.02)
    monkeypatch.setattr(compare, 'LOOK_EVERY', 0)
    (tmp_path / 'tools').mkdir()
    (tmp_path / 'tools/train.py').write_text(TRAIN.replace("'net-partial'", "'own-partial'"))
    monkeypatch.setattr(compare, 'package_tools', lambda: tmp_path / 'tools')
    main(['compare-padding', 'mine/own.py', '--paddings', 'zero', 'partial', '--seeds', '2', '--metric', 'score'])
    assert '| own | partial | 35.000 | 36.000 | 35.500 | +5.000 |' in capsys.readouterr().out
    assert (tmp_path / 'work_dirs/compare_padding-own/comparison.csv').is_file()


def test_templates_of_earlier_versions_still_work(tmp_path):
    template = write_configs(tmp_path, 'net-zero')
    assert plan(template, '--networks', 'net', '--paddings', 'zero').template == template


def test_the_command_finds_the_tools_of_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match='--seeds is 0 but must be at least 1'):
        main(['compare-padding', '--seeds', '0'])
    assert {'train.py', 'dist_train.sh'} <= {path.name for path in compare.package_tools().iterdir()}
