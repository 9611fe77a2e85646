_base_ = [
    'mmseg::_base_/models/fcn_unet_s5-d16.py', 'mmseg::_base_/default_runtime.py',
    '../../_base_/datasets/camvid.py', '../../_base_/schedules/camvid.py'
]

# MMSegmentation's U-Net an eighth as wide, with four of its five scales: frames of 120 rows halve three times.
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    data_preprocessor=dict(size=(96, 96), seg_pad_val=11),
    backbone=dict(
        base_channels=8, num_stages=4, strides=(1, 1, 1, 1), enc_num_convs=(2, 2, 2, 2), dec_num_convs=(2, 2, 2),
        downsamples=(True, True, True), enc_dilations=(1, 1, 1, 1), dec_dilations=(1, 1, 1), norm_cfg=norm_cfg),
    decode_head=dict(in_channels=8, channels=8, in_index=3, num_classes=11, norm_cfg=norm_cfg, ignore_index=11),
    auxiliary_head=dict(in_channels=16, channels=8, in_index=2, num_classes=11, norm_cfg=norm_cfg, ignore_index=11),
    test_cfg=dict(_delete_=True, mode='whole'))
