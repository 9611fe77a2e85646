# The network of pconv_demo on a folder of photos, data/photos/{train,val}.
_base_ = './pconv_demo_1xb8_photos-128x128.py'

# Holes of all the sizes that it is scored with, and, with enough photos, no other colours than theirs.
mask_config = dict(area_ratio_range=(0.01, 0.6))
train_pipeline = [
    _base_.train_pipeline[0],
    dict(type='LoadMask', mask_mode='irregular', mask_config={**_base_.mask_config, **mask_config}),
    *_base_.train_pipeline[2:5],
    *_base_.train_pipeline[6:],
]
train_dataloader = dict(dataset=dict(data_root='data/photos', pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(data_root='data/photos'))
test_dataloader = val_dataloader

train_cfg = dict(max_iters=2500, val_interval=2500)
param_scheduler = dict(T_max=2500)
default_hooks = dict(checkpoint=dict(interval=500))
