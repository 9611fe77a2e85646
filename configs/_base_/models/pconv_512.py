# PConv as in the paper: 8 layers, size-averaged L1, TV inside the dilated hole.
_base_ = './pconv.py'

model = dict(
    encdec=dict(encoder=dict(num_layers=8), decoder=dict(num_layers=8)),
    loss_l1_hole=dict(type='MaskedL1Loss', normalize='image'),
    loss_l1_valid=dict(type='MaskedL1Loss', normalize='image'),
    loss_tv=dict(region='dilated'))
