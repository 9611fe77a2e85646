# The small PConv with plain convolutions: everything else is the same.
_base_ = '../partial_conv/pconv_small_1xb8_photos-128x128.py'

conv_cfg = dict(type='PlainConv2d')
model = dict(encdec=dict(encoder=dict(conv_cfg=conv_cfg), decoder=dict(conv_cfg=conv_cfg)))
