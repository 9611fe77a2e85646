_base_ = ['../../_base_/datasets/photos64.py', '../../_base_/schedules/photos64.py', '../../_base_/digits_runtime.py']

# VGG-11 with BatchNorm a quarter as wide, for 64 x 64 pixels. 8 padded convolutions, of 64 to 4 pixels.
custom_imports = dict(imports=['mmpconv'])
model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmpconv.models.NarrowVGG', depth=11, width=16),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=20, in_channels=128, loss=dict(type='CrossEntropyLoss')))
