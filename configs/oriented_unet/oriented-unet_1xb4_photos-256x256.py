# Second step, at full size: goes on from the first.
_base_ = './oriented-unet_1xb8_photos-128x128.py'

image_size = (256, 256)
sizes = dict(
    occlusion=dict(img_shape=image_size),
    irregular=dict(img_shape=image_size, length_range=(20, 128), brush_width=(4, 45)))
hole_kinds = [{**kind, 'mask_config': {**kind['mask_config'], **sizes[kind['mask_mode']]}}
              for kind in _base_.hole_kinds]
holes = [[{**hole, 'mask_config': {**hole['mask_config'], **sizes[hole['mask_mode']]}}] for hole, in _base_.holes]
del sizes

train_pipeline = [
    _base_.train_pipeline[0],
    dict(type='RandomChoice', transforms=holes),
    dict(type='RandomResizedCrop', keys=['gt'], crop_size=image_size, scale=(0.64, 1.0), ratio=(0.95, 1.05),
         interpolation='area'),
    *_base_.train_pipeline[3:],
]
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=train_pipeline))

train_cfg = dict(max_iters=600, val_interval=300)
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=100, end=600, eta_min=3e-6),
]
default_hooks = dict(checkpoint=dict(interval=300))
