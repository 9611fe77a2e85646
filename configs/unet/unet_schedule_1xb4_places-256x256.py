# Both stages of pre-training in one run, as pconv_schedule_1xb4_places-256x256.py beside it.
_base_ = [
    '../_base_/models/unet.py', '../_base_/datasets/places_standard.py', '../_base_/schedules/pconv.py',
    '../_base_/loss_csv.py'
]

model = dict(loss_composed_percep=dict(style_weight=1))

train_dataloader = dict(batch_size=4)
train_cfg = dict(max_iters=9017300)  # 20 epochs of 450,865 batches
optim_wrapper = dict(optimizer=dict(lr=0.02))
param_scheduler = dict(type='MultiStepLR', by_epoch=False, milestones=[4508650], gamma=0.1)
auto_scale_lr = dict(enable=False, base_batch_size=4)
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='LossWeightHook', weights={'loss_percep.style_weight': [(0, 1), (4508650, 120)]}),
]
