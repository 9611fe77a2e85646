"""Our registries build what is ours, whatever scope is the default."""
import pytest
from mmengine.registry import DefaultScope

from mmpconv import models
from mmpconv.registry import MODELS, TRANSFORMS

SCOPES = [None, 'mmengine', 'mmagic', 'mmseg', 'mmpretrain', 'mmpconv']


@pytest.mark.parametrize('scope', SCOPES)
def test_networks_and_losses_are_ours_in_every_scope(scope):
    with DefaultScope.overwrite_default_scope(scope):
        network = MODELS.build(dict(
            type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', num_layers=2, width=4),
            decoder=dict(type='PConvDecoder', num_layers=2, width=4)))
        loss = MODELS.build(dict(type='MaskedTVLoss', region='dilated'))
        assert scope is None or DefaultScope.get_current_instance().scope_name == scope
    assert type(network) is models.PConvEncoderDecoder and type(network.encoder) is models.PConvEncoder
    assert type(network.decoder) is models.PConvDecoder and loss.region == 'dilated'


@pytest.mark.parametrize('scope', SCOPES)
def test_what_is_only_mmagics_and_what_is_named_with_a_scope_is_found_too(scope):
    with DefaultScope.overwrite_default_scope(scope):
        assert type(MODELS.build(dict(type='mmagic.MaskedTVLoss'))).__module__.startswith('mmagic.')
        assert type(MODELS.build(dict(type='MaskedTVLoss', _scope_='mmagic'))).__module__.startswith('mmagic.')
        assert type(MODELS.build(dict(type='L1Loss'))).__module__.startswith('mmagic.')
        assert type(TRANSFORMS.build(dict(type='LoadMask', mask_mode='bbox', mask_config=dict(
            img_shape=(16, 16), max_bbox_shape=8, max_bbox_delta=2, min_margin=2)))).__module__.startswith('mmpconv.')


def test_after_mmagics_own_registration():
    from mmagic.utils import register_all_modules

    register_all_modules(init_default_scope=True)
    try:
        assert DefaultScope.get_current_instance().scope_name == 'mmagic'
        assert type(MODELS.build(dict(type='MaskedTVLoss'))) is models.losses.MaskedTVLoss
    finally:  # leave no scope behind for other tests
        DefaultScope._instance_dict.popitem()
