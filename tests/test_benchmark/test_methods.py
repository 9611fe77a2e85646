"""What the words of a command line mean."""
import pytest

from mmpconv.benchmark.methods import Baseline, Folder, parse_methods
from mmpconv.benchmark.network import Network
from mmpconv.cli.main import parser_of
from mmpconv.errors import LaunchError
from mmpconv.evaluation.baselines import BASELINES


def parse(*words):
    return parse_methods(words, device='cpu')


@pytest.mark.parametrize('word, name, config, checkpoint', [
    ('a/b.py:c.pth', 'b', 'a/b.py', 'c.pth'),
    ('mine=a/b.py:c.pth', 'mine', 'a/b.py', 'c.pth'),
    ('b.py:https://host:8080/c.pth?x=1&y=2', 'b', 'b.py', 'https://host:8080/c.pth?x=1&y=2'),
    ('a=b.py:https://host/c.pth?x=1', 'a', 'b.py', 'https://host/c.pth?x=1'),
    ('mmagic::partial_conv/d.py:c.pth', 'd', 'mmagic::partial_conv/d.py', 'c.pth'),
    ('a b=mmagic::partial_conv/d.py:c.pth', 'a b', 'mmagic::partial_conv/d.py', 'c.pth'),
    ('runs/lr=0.1/b.py:c=1.pth', 'b', 'runs/lr=0.1/b.py', 'c=1.pth'),
    ('x.pyc/b.yaml:c.py:d.pth', 'b', 'x.pyc/b.yaml', 'c.py:d.pth'),
    (r'C:\a\b.py:D:\c.pth', r'C:\a\b', r'C:\a\b.py', r'D:\c.pth'),
])
def test_configs_and_checkpoints_are_told_apart(word, name, config, checkpoint):
    if '\\' in name:  # no name of a file; the parts are right all the same
        word, name = f'n={word}', 'n'
    method, = parse(word)
    assert isinstance(method, Network)
    assert (method.name, method.config, method.checkpoint) == (name, config, checkpoint)


def test_baselines_have_their_names_or_one_that_is_given():
    methods = parse(*BASELINES, 'grey=mean')
    assert [method.name for method in methods] == [*BASELINES, 'grey']
    assert all(isinstance(method, Baseline) for method in methods)
    assert [method.baseline for method in methods] == [*BASELINES, 'mean']


def test_help_names_all_baselines():
    """They are written out there, so that they are shown without an import of OpenCV."""
    assert f'{", ".join(BASELINES)};' in ' '.join(parser_of('benchmark').format_help().split()).replace('- ', '-')


def test_folders_have_the_name_of_the_folder_or_one_that_is_given(tmp_path, monkeypatch):
    (tmp_path / 'lama').mkdir()
    (tmp_path / 'mean').mkdir()
    monkeypatch.chdir(tmp_path)
    methods = parse('lama', 'LaMa 2=lama', './mean', 'mean_=mean')
    assert [method.name for method in methods] == ['lama', 'LaMa 2', 'mean', 'mean_']
    assert [type(method) for method in methods] == [Folder, Folder, Folder, Baseline]
    assert methods[1].folder.resolve() == tmp_path / 'lama'


@pytest.mark.parametrize('words, message', [
    (['tela'], "'tela' is no method: it is none of the baselines mean, telea, navier-stokes, biharmonic"),
    (['a=no/folder'], "'no/folder' in 'a=no/folder' is no method"),
    (['a/b.py'], "'a/b.py' is a config without a checkpoint; write a/b.py:CHECKPOINT"),
    (['=mean'], "'=mean' is no method; write NAME=METHOD with both parts"),
    (['a='], "'a=' is no method; write NAME=METHOD with both parts"),
    (['mean', 'Mean=telea'], "two methods are called 'mean' and 'Mean'"),
    (['b.py:1.pth', 'x/b.py:2.pth'], "two methods are called 'b' and 'b'; write NAME=... to give one of them another"),
    (['.hidden=mean'], "a method is called '.hidden', but its name is part of file names"),
    ([f'{"a" * 81}=mean'], 'it has 1 to 80 characters'),
    (['b.py:torchvision://resnet18'], "give a file, or an http"),
])
def test_what_is_wrong_is_said(words, message):
    with pytest.raises(LaunchError, match=message):
        parse(*words)
