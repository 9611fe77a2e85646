# A plain U-Net of the small PConv's depth and width, with its losses and training.
_base_ = '../partial_conv/pconv_small_1xb8_photos-128x128.py'

model = dict(
    encdec=dict(_delete_=True, type='UNetEncoderDecoder', num_layers=6, width=16, norm_cfg=dict(type='BN')))
