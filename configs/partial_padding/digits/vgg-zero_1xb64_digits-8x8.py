_base_ = ['../../_base_/datasets/digits.py', '../../_base_/schedules/digits.py', '../../_base_/digits_runtime.py']

# The first two of VGG-13's five stages, for images of 8 x 8: 4 padded convolutions.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='VGG', depth=13, num_stages=2, dilations=(1, 1), out_indices=(1, ), norm_cfg=dict(type='BN')),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=128, loss=dict(type='CrossEntropyLoss')))
