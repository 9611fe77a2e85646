# AdamW with warm-up and cosine; bfloat16 where the machine has it; weights averaged over the last thousand iterations.
_base_ = '../default_runtime.py'

train_cfg = dict(type='IterBasedTrainLoop', max_iters=5500, val_interval=1000)
val_cfg = dict(type='MultiValLoop')
test_cfg = dict(type='MultiTestLoop')

optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='bfloat16',
    optimizer=dict(type='AdamW', lr=8e-4, fused=True, betas=(0.9, 0.99), weight_decay=1e-4),
    clip_grad=dict(max_norm=8))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.02, by_epoch=False, begin=0, end=300),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=300, end=5500, eta_min=4e-6),
]

default_hooks = dict(
    logger=dict(interval=100), checkpoint=dict(interval=500, max_keep_ckpts=2))
custom_hooks = [
    dict(type='EMAHook', ema_type='MomentumAnnealingEMA', momentum=0.001, gamma=10),
    dict(type='UnreadableImagesHook'),
    dict(type='ValidationSheetHook'),
    dict(type='LossCsvHook'),
]
randomness = dict(seed=0)
