"""``mmpconv models``, and models by name in Python."""
from urllib.error import URLError

import pytest
import torch

import mmpconv
from mmpconv.apis import DEFAULT_MODEL
from mmpconv.apis.models import shipped_model
from mmpconv.checkpoints.loading import file_of
from mmpconv.errors import LaunchError

PLACES = 'pconv_stage2_4xb2_places-256x256'


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty folder of downloads, and a network that gives the same bytes for each URL."""
    monkeypatch.setenv('MMPCONV_OFFLINE', '')  # and as it was, afterwards
    monkeypatch.setattr(torch.hub, '_hub_dir', str(tmp_path / 'hub'))
    fetched = []

    def fetch(url, path, hash_prefix, progress):
        fetched.append((url, hash_prefix))
        with open(path, 'wb') as file:
            file.write(b'weights')

    monkeypatch.setattr(torch.hub, 'download_url_to_file', fetch)
    return fetched


def test_all_models_are_listed_and_those_with_weights(run):
    names = mmpconv.list_models()
    lines = {line.split()[0]: line for line in run('models')[1].splitlines()}
    assert lines.keys() == {*names, 'oriented', 'pyramid', 'telea', 'navier-stokes', 'biharmonic'}
    assert 'no weights needed' in lines['telea'] and lines[DEFAULT_MODEL].endswith('in the package, the default')
    status, out, _ = run('models', '--with-weights')
    assert status == 0 and [line.split()[0] for line in out.splitlines()] == mmpconv.list_models(with_weights=True)
    _, out, _ = run('models', 'unet*', '*small*')
    assert {line.split()[0] for line in out.splitlines()} == {*mmpconv.list_models('unet*'),
                                                              *mmpconv.list_models('*small*')}


def test_a_model_is_told_with_where_it_is(run, hub):
    _, out, _ = run('models', PLACES)
    model = shipped_model(PLACES)
    for words in (str(model.config), model.weights, f'{file_of(model.weights)} (not there yet)'):
        assert words in out
    assert '(13.0 MB)' in run('models', DEFAULT_MODEL)[1]


def test_weights_are_downloaded_once_and_copied_to_a_folder(run, folder, hub):
    file = file_of(shipped_model(PLACES).weights)
    assert run('models', PLACES, '--download')[:2] == (0, f'{file}\n')
    assert hub == [(shipped_model(PLACES).weights, '1ffed0e8')]  # what comes has to be the file of that name
    assert run('models', PLACES)[1].count('downloaded: https://') == 1
    assert run('models', PLACES, DEFAULT_MODEL, '--download', 'weights', '--offline')[0] == 0
    assert len(hub) == 1 and (folder / 'weights' / file.name).read_bytes() == b'weights'
    assert (folder / f'weights/{DEFAULT_MODEL}.safetensors').stat().st_size > 10**7


@pytest.mark.parametrize('arguments, words', [
    (['--download'], '--download needs the names of models'),
    (['pconv_stage2_places'], 'there is no model pconv_stage2_places; mmpconv models lists them all, such as pconv_'),
    (['x*'], 'no model matches x*'),
    ([PLACES, '--download', '--offline'], 'nothing is downloaded (--offline'),
    (['unet_small_1xb8_photos-128x128', '--download'], 'there are no published weights')])
def test_what_the_user_has_to_act_on_is_said(run, hub, arguments, words):
    status, out, err = run('models', *arguments)
    assert (status, out) == (1, '') and words in err and err.count('\n') == 1 and not hub


def test_a_download_that_fails_leaves_nothing(run, hub, monkeypatch):
    def fail(url, path, *_):
        raise URLError('no network')

    monkeypatch.setattr(torch.hub, 'download_url_to_file', fail)
    status, _, err = run('models', PLACES, '--download')
    assert status == 1 and 'cannot be downloaded' in err and not file_of(shipped_model(PLACES).weights).exists()


def test_a_model_of_a_name_fills():
    network = mmpconv.get_model(DEFAULT_MODEL)
    image, hole = torch.rand(1, 3, 40, 56), torch.zeros(1, 1, 40, 56)
    hole[..., 10:20, 20:30] = 1
    filled, reached = network(image, hole)
    assert torch.equal(filled[hole.expand_as(image) == 0], image[hole.expand_as(image) == 0]) and reached.all()
    assert not network.training and not any(weight.requires_grad for weight in network.parameters())


def test_a_model_without_weights_is_to_be_trained():
    name = 'pconv_small_1xb8_photos-128x128'
    network = mmpconv.get_model(name, pretrained=False)
    assert network.training and network.size == 128
    network(torch.rand(2, 3, 64, 64), torch.ones(2, 1, 64, 64).tril())[0].sum().backward()
    assert all(weight.grad is not None for weight in network.generator.parameters())
    with pytest.raises(LaunchError, match=f'no published weights of {name}, only of {DEFAULT_MODEL}, .*pretrained=Fal'):
        mmpconv.get_model(name)


def test_the_package_shows_what_there_is():
    assert {*mmpconv.__all__, 'apis', 'layers', 'models', 'ops', 'photos'} <= set(dir(mmpconv))
    for name in dir(mmpconv):
        assert getattr(mmpconv, name) is not None
