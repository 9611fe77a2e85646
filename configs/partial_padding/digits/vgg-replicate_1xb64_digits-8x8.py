_base_ = './vgg-zero_1xb64_digits-8x8.py'

model = dict(backbone=dict(conv_cfg=dict(type='Conv2d', padding_mode='replicate')))
