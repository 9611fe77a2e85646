_base_ = './resnet-zero_1xb64_digits-8x8.py'

custom_imports = dict(imports=['mmpconv'])
model = dict(backbone=dict(conv_cfg=dict(type='PartialConv2d')))
