_base_ = './vgg16bn-zero_8xb24_in1k.py'

model = dict(backbone=dict(conv_cfg=dict(type='Conv2d', padding_mode='reflect')))
