_base_ = [
    'mmseg::_base_/models/deeplabv3plus_r50-d8.py', 'mmseg::_base_/default_runtime.py',
    '../../_base_/datasets/camvid.py', '../../_base_/schedules/camvid.py'
]

# ResNet-18 a quarter as wide, from scratch; the dilations of the head suit maps of 20 x 15 pixels instead of 129 x 65.
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    data_preprocessor=dict(size=(96, 96), seg_pad_val=11),
    pretrained=None,
    backbone=dict(depth=18, stem_channels=16, base_channels=16, norm_cfg=norm_cfg),
    decode_head=dict(
        in_channels=128, channels=64, dilations=(1, 3, 6, 9), c1_in_channels=16, c1_channels=12, num_classes=11,
        norm_cfg=norm_cfg, ignore_index=11),
    auxiliary_head=dict(in_channels=64, channels=32, num_classes=11, norm_cfg=norm_cfg, ignore_index=11))
