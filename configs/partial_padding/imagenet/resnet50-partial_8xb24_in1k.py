_base_ = './resnet50-zero_8xb24_in1k.py'

custom_imports = dict(imports=['mmpconv'])
model = dict(backbone=dict(conv_cfg=dict(type='PartialConv2d')))
