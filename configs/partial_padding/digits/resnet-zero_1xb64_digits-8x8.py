_base_ = ['../../_base_/datasets/digits.py', '../../_base_/schedules/digits.py', '../../_base_/digits_runtime.py']

# Three of ResNet-18's four stages, half as wide, for images of 8 x 8: 13 padded convolutions.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='ResNet_CIFAR', depth=18, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2, ),
        stem_channels=32, base_channels=32),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=128, loss=dict(type='CrossEntropyLoss')))
