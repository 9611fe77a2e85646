# The baseline "Conv" of the paper's tables: PConv's U-Net, losses and schedule with plain convolutions.
_base_ = '../partial_conv/pconv_stage1_8xb6_places-512x512.py'

conv_cfg = dict(type='PlainConv2d')
model = dict(encdec=dict(encoder=dict(conv_cfg=conv_cfg), decoder=dict(conv_cfg=conv_cfg)))
