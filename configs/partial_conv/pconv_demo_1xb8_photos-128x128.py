# The model of `make demo`: 6 layers, a quarter of the channels; no perceptual loss, which needs a download.
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

train_dataloader = dict(batch_size=8, dataset=dict(data_root='work_dirs/demo/photos'))
val_dataloader = dict(dataset=dict(data_root='work_dirs/demo/photos'))
test_dataloader = val_dataloader

train_cfg = dict(max_iters=500, val_interval=500)
optim_wrapper = dict(optimizer=dict(lr=0.002))
param_scheduler = dict(type='CosineAnnealingLR', by_epoch=False, T_max=500)
default_hooks = dict(
    logger=dict(interval=50), checkpoint=dict(interval=500, max_keep_ckpts=1))
custom_hooks = [dict(type='ProgressBarHook'), dict(type='UnreadableImagesHook')]
