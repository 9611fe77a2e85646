# PConv of SunnerLi/P-Conv: the paper's 8 layers and losses also below 512 pixels, and colours kept in range by a tanh.
_base_ = './pconv_512.py'

model = dict(encdec=dict(decoder=dict(out_act_cfg=dict(type='Tanh'))))
