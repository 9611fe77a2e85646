# Both stages of pre-training in one run: style weight 1, then 120 with a tenth of the learning rate.
_base_ = './pconv_pretrain-style1_1xb4_places-256x256.py'

train_cfg = dict(max_iters=9017300)
param_scheduler = dict(type='MultiStepLR', by_epoch=False, milestones=[4508650], gamma=0.1)
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='LossWeightHook', weights={'loss_percep.style_weight': [(0, 1), (4508650, 120)]}),
]
