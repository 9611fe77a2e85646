# The plain U-Net of SunnerLi/P-Conv, with the losses of its partial one.
_base_ = './pconv_tanh.py'

model = dict(
    encdec=dict(_delete_=True, type='UNetEncoderDecoder', num_layers=8, norm_cfg=dict(type='SyncBN')))
