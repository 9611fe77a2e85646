"""Public names are a promise: what is in ``public_api.json`` is there, under these names.

The file is written by ``ACCEPT=1 python -m pytest tests/test_public_api.py``; a name that disappears from it is
a breaking change, announced one release ahead.
"""
import importlib
import json
import os
from pathlib import Path

import pytest
import torch
from mmengine.registry import DefaultScope, Registry

import mmpconv.registry

LIST = Path(__file__).with_name('public_api.json')
MODULES = ['mmpconv', 'mmpconv.ops', 'mmpconv.layers', 'mmpconv.conversion', 'mmpconv.padding', 'mmpconv.models',
           'mmpconv.models.losses', 'mmpconv.datasets', 'mmpconv.engine', 'mmpconv.evaluation', 'mmpconv.photos',
           'mmpconv.apis']


def registered() -> dict[str, list[str]]:
    """Names of this package's own classes, by registry."""
    names = {}
    for registry in vars(mmpconv.registry).values():
        if isinstance(registry, Registry):
            registry.import_from_location()
            names[f'registered in {registry.name}'] = [
                name for name, value in registry.module_dict.items() if value.__module__.startswith('mmpconv.')]
    return {registry: values for registry, values in names.items() if values}


def checkpoint_keys() -> list[str]:
    """Keys of a checkpoint, which files of users hold."""
    network = dict(type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder'), decoder=dict(type='PConvDecoder'))
    with DefaultScope.overwrite_default_scope('mmpconv'), torch.device('meta'):
        model = mmpconv.registry.MODELS.build(dict(
            type='PConvInpaintor', data_preprocessor=dict(type='DataPreprocessor'), encdec=network))
    return list(model.state_dict())


def public_names() -> dict[str, list[str]]:
    names = {name: importlib.import_module(name).__all__ for name in MODULES}
    return {place: sorted(values) for place, values in
            {**names, **registered(), 'checkpoint of PConvInpaintor': checkpoint_keys()}.items()}


@pytest.fixture(scope='module')
def names():
    found = public_names()
    if os.environ.get('ACCEPT'):
        LIST.write_text(json.dumps(found, indent=1) + '\n')
    return found


def difference(names: dict, others: dict) -> dict:
    lost = {place: sorted(set(values) - set(others.get(place, []))) for place, values in names.items()}
    return {place: values for place, values in lost.items() if values}


def test_no_public_name_has_disappeared(names):
    assert not difference(json.loads(LIST.read_text()), names)


def test_every_public_name_is_in_the_list(names):
    added = difference(names, json.loads(LIST.read_text()))
    assert not added, f'{added} is not in {LIST.name}; write it as the first lines of this file say'


@pytest.mark.parametrize('module', MODULES)
def test_what_is_exported_exists(module):
    module = importlib.import_module(module)
    for name in module.__all__:
        assert getattr(module, name, None) is not None, name
