_base_ = './resnet18-zero_1xb64_photos-64x64.py'

custom_imports = dict(imports=['mmpconv'])
model = dict(backbone=dict(conv_cfg=dict(type='PartialConv2d')))
