"""Finding configs and checkpoints by name."""
import pytest

from mmpconv.configs import config_stem, load_config
from mmpconv.engine.resume import is_url, require_checkpoint
from mmpconv.errors import LaunchError


def test_a_config_of_an_installed_package():
    cfg = load_config('mmpretrain::resnet/resnet18_8xb16_cifar10.py')
    assert cfg.default_scope == 'mmpretrain'
    assert cfg.model.backbone.depth == 18


@pytest.mark.parametrize('name, message', [
    ('nowhere/a.py', 'there is no config file nowhere/a.py'),
    ('no_such_package::a/b.py', "needs the package 'no_such_package', which is not installed"),
    ('mmpretrain::a/b.py', "package 'mmpretrain' ships no config a/b.py"),
])
def test_a_config_that_is_absent(name, message):
    with pytest.raises(LaunchError, match=message):
        load_config(name)


def test_names_of_configs():
    assert config_stem('a/b/pconv_stage1.py') == config_stem('mmpconv::x/pconv_stage1.py') == 'pconv_stage1'


@pytest.mark.parametrize('name, expected', [
    ('https://a/b.pth', True), ('torchvision://vgg16', True), ('open-mmlab://x', True), ('s3://x', True),
    ('a/b.pth', False), ('/a/b.pth', False), ('~/b.pth', False),
])
def test_urls_are_told_from_paths(name, expected):
    assert is_url(name) is expected


def test_a_checkpoint_in_the_home_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    (tmp_path / 'a.pth').touch()
    require_checkpoint('~/a.pth', 'it', 'look')
    with pytest.raises(LaunchError, match='it is ~/b.pth, and there is no such file; look'):
        require_checkpoint('~/b.pth', 'it', 'look')
