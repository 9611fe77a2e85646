_base_ = './resnet18-zero_1xb64_photos-64x64.py'

model = dict(backbone=dict(conv_cfg=dict(type='Conv2d', padding_mode='reflect')))
