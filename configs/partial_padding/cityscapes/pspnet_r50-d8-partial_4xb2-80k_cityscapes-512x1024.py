_base_ = './pspnet_r50-d8-zero_4xb2-80k_cityscapes-512x1024.py'

custom_imports = dict(imports=['mmpconv'])
# Every padded convolution, in backbone, decode head and auxiliary head.
model = dict(_delete_=True, type='PaddedModel', mode='partial', model={{_base_.model}})
