_base_ = './deeplabv3plus_r50-d8-zero_4xb2-80k_cityscapes-512x1024.py'

custom_imports = dict(imports=['mmpconv'])
# Every padded convolution, in backbone, decode head and auxiliary head. `conv_cfg` would not reach all of them: MMSeg
# does not hand it on to the depthwise separable convolutions of this head.
model = dict(_delete_=True, type='PaddedModel', mode='partial', model={{_base_.model}})
