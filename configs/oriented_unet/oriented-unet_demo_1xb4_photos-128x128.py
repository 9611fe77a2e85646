# What `make demo` does after its first picture: trains the network of the package on, on a few photos, for a minute.
_base_ = './oriented-unet_1xb8_photos-128x128.py'

load_from = 'mmpconv://oriented-unet_1xb4_photos-256x256.safetensors'

train_dataloader = dict(batch_size=4, dataset=dict(data_root='work_dirs/demo/photos'))
val_dataloader = dict(dataset=dict(data_root='work_dirs/demo/photos'))
test_dataloader = val_dataloader

train_cfg = dict(max_iters=200, val_interval=200)
# Small steps: four photos are few, and what the weights know of thousands should stay.
optim_wrapper = dict(optimizer=dict(lr=5e-5))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=False, T_max=200)]

default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=200, max_keep_ckpts=1))
custom_hooks = [
    dict(type='EMAHook', ema_type='MomentumAnnealingEMA', momentum=0.01, gamma=10),
    dict(type='ProgressBarHook'),
    dict(type='UnreadableImagesHook'),
    dict(type='ValidationSheetHook'),
    dict(type='LossCsvHook'),
]
