# Second step, at full size: goes on from the first.
_base_ = './oriented-unet_1xb8_photos-128x128.py'

image_size = (256, 256)
hole_kinds = [
    dict(mask_mode='occlusion', mask_config=dict(img_shape=image_size)),
    dict(mask_mode='occlusion', mask_config=dict(img_shape=image_size)),
    dict(mask_mode='irregular',
         mask_config=dict(img_shape=image_size, num_vertices=(4, 10), max_angle=6.0, length_range=(20, 128),
                          brush_width=(4, 45))),
]
holes = [[dict(type='mmpconv.LoadMask', mask_mode=kind['mask_mode'],
               mask_config=dict(area_ratio_range=ratio, **kind['mask_config']))]
         for kind in hole_kinds for ratio in _base_.hole_ratios]
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
