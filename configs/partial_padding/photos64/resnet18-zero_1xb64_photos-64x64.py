_base_ = ['../../_base_/datasets/photos64.py', '../../_base_/schedules/photos64.py', '../../_base_/digits_runtime.py']

# ResNet-18 a quarter as wide, for 64 x 64 pixels: a 3x3 stem without pooling, then stages of 32, 16, 8 and 4 pixels.
# 17 padded convolutions.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet_CIFAR', depth=18, strides=(2, 2, 2, 2), stem_channels=16, base_channels=16),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=20, in_channels=128, loss=dict(type='CrossEntropyLoss')))
