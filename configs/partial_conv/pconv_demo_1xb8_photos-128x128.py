# A small model for a few photos, those of `make demo`: 6 layers, a quarter of the channels; no perceptual loss, which
# needs a download.
_base_ = [
    '../_base_/models/pconv.py', '../_base_/datasets/image_folder.py', '../_base_/schedules/pconv.py',
    '../_base_/default_runtime.py'
]

model = dict(
    encdec=dict(
        encoder=dict(num_layers=6, width=16, norm_cfg=dict(type='BN')),
        decoder=dict(num_layers=6, width=16, norm_cfg=dict(type='BN'))),
    loss_composed_percep=None,
    loss_out_percep=False)

# Few photos have few colours: without jitter the network would paint any hole in theirs.
train_pipeline = [
    *_base_.train_pipeline[:4],
    dict(type='Flip', keys=['gt'], flip_ratio=0.5, direction='horizontal'),
    dict(type='ColorJitter', keys=['gt'], channel_order='bgr', brightness=0.6, contrast=0.4, saturation=0.5, hue=0.5),
    *_base_.train_pipeline[4:],
]
train_dataloader = dict(
    batch_size=8, dataset=dict(data_root='work_dirs/demo/photos', pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(data_root='work_dirs/demo/photos'))
test_dataloader = val_dataloader

train_cfg = dict(max_iters=400, val_interval=400)
optim_wrapper = dict(optimizer=dict(lr=0.002))
param_scheduler = dict(type='CosineAnnealingLR', by_epoch=False, T_max=400)
default_hooks = dict(
    logger=dict(interval=50), checkpoint=dict(interval=400, max_keep_ckpts=1))
custom_hooks = [
    dict(type='ProgressBarHook'), dict(type='UnreadableImagesHook'), dict(type='ValidationSheetHook')]
