# Trains the network of the package on, on photos of one's own: `mmpconv train --photos FOLDER` writes a config over it.
_base_ = './oriented-unet_1xb4_photos-256x256.py'

load_from = 'mmpconv://oriented-unet_1xb4_photos-256x256.safetensors'

# Windows are at least 0.8 of a photo's shorter side, so that a photo of 320 pixels or more is still scaled down to 256.
train_pipeline = [dict(type='LoadImageFromFile', key='gt', min_side=320), *_base_.train_pipeline[1:]]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

# Small steps: what the weights know of thousands of photos should stay.
optim_wrapper = dict(optimizer=dict(lr=1e-4))
train_cfg = dict(max_iters=1000, val_interval=200)
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=False, T_max=1000)]
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=200, max_keep_ckpts=2))
custom_hooks = [
    dict(type='EMAHook', ema_type='MomentumAnnealingEMA', momentum=0.005, gamma=10),
    dict(type='ProgressBarHook'),
    dict(type='UnreadableImagesHook'),
    dict(type='ValidationSheetHook'),
    dict(type='LossCsvHook'),
]
