# PConv of naoto0804/pytorch-inpainting-with-partial-conv: 7 layers, photos normalised by ImageNet's mean and deviation
# (here in the order BGR), the paper's losses. VGG takes such images as they are.
_base_ = './pconv.py'

model = dict(
    data_preprocessor=dict(mean=[103.53, 116.28, 123.675], std=[57.375, 57.12, 58.395]),
    loss_composed_percep=dict(norm_img=False, use_input_norm=False),
    loss_l1_hole=dict(type='MaskedL1Loss', normalize='image'),
    loss_l1_valid=dict(type='MaskedL1Loss', normalize='image'),
    loss_tv=dict(region='dilated'))
