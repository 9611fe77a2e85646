"""A ``conv_cfg`` that reaches a part of a backbone only says so."""
import logging

import pytest
from mmengine.logging import MMLogger
from mmengine.registry import MODELS, DefaultScope

import mmpconv

pytest.importorskip('mmpretrain')
assert mmpconv


@pytest.fixture
def said(caplog):
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    yield lambda: [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING
                   and 'conv_cfg made' in record.getMessage()]
    logger.removeHandler(caplog.handler)


PARTIAL = dict(type='PartialConv2d')


@pytest.mark.parametrize('conv_cfg', [PARTIAL, dict(type='mmpconv.PartialConv2d'),
                                      dict(type=mmpconv.PartialConv2d)], ids=str)
def test_a_backbone_that_is_converted_in_part_is_named_with_the_count_and_the_remedy(said, conv_cfg):
    MODELS.build(dict(type='mmpretrain.EfficientNetV2', arch='b0', conv_cfg=conv_cfg))
    assert said() == ["conv_cfg made 4 of the 21 padded convolutions of EfficientNetV2 partial; it does not reach the "
                      "others. dict(type='PaddedModel', model=...) converts all of them"]


def test_the_wrapper_that_it_names_converts_all_and_says_nothing(said):
    model = MODELS.build(dict(type='PaddedModel', model=dict(type='mmpretrain.EfficientNetV2', arch='b0')))
    assert not said() and mmpconv.convert_padding(model).converted == ()


@pytest.mark.parametrize('arguments', [dict(conv_cfg=PARTIAL), dict(conv_cfg=dict(type='Conv2d')), {}], ids=str)
def test_what_is_converted_wholly_or_not_at_all_is_not_spoken_of(said, arguments):
    MODELS.build(dict(type='mmpretrain.ResNet', depth=18, **arguments))
    assert not said()


def test_a_head_that_has_no_conv_cfg_is_not_counted(said):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        MODELS.build(dict(type='ImageClassifier', backbone=dict(type='ResNet', depth=18, conv_cfg=PARTIAL),
                          neck=dict(type='GlobalAveragePooling'), head=dict(type='LinearClsHead', num_classes=2,
                                                                            in_channels=512)))
    assert not said()


def test_a_registry_made_later_warns_too_and_only_once(said):
    from mmengine.registry import Registry

    from mmpconv.registration import register

    register()
    later = Registry('models', parent=MODELS, scope='later')
    try:
        later.build(dict(type='mmpretrain.EfficientNetV2', arch='b0', conv_cfg=PARTIAL))
    finally:
        del MODELS.children['later']
    assert len(said()) == 1
