# Pre-training, second stage: the paper's style weight, a tenth of the learning rate, 10 more epochs.
_base_ = './pconv_pretrain-style1_1xb4_places-224x224.py'

model = dict(loss_composed_percep=dict(style_weight=120))
optim_wrapper = dict(optimizer=dict(lr=0.002))

load_from = 'work_dirs/pconv_pretrain-style1_1xb4_places-224x224/iter_4508650.pth'
