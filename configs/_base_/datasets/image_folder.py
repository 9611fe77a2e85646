# Any photos, small ones too, at 128 x 128. Layout: data/photos/{train,val}, no lists.
_base_ = ['./irregular_256.py']

data_root = 'data/photos'
image_size = (128, 128)
mask_config = dict(img_shape=image_size, length_range=(10, 64), brush_width=(5, 23))

# The window is the largest one in photos below 256 pixels.
train_pipeline = [
    dict(type='LoadImageFromFile', key='gt'),
    dict(type='LoadMask', mask_mode='irregular', mask_config={**_base_.mask_config, **mask_config}),
    dict(type='Crop', keys=['gt'], crop_size=(256, 256), random_crop=True),
    dict(type='Resize', keys=['gt'], scale=image_size, keep_ratio=False),
    dict(type='GetMaskedImage'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', key='gt'),
    dict(type='LoadMask', mask_mode='irregular', mask_config={**_base_.mask_config, **mask_config}, seed=0),
    dict(type='Crop', keys=['gt'], crop_size=(256, 256), random_crop=False),
    dict(type='Resize', keys=['gt'], scale=image_size, keep_ratio=False),
    dict(type='GetMaskedImage'),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    num_workers=2,
    dataset=dict(
        data_root=data_root, data_prefix=dict(gt='train'), recursive=True, pipeline=train_pipeline))
val_dataloader = dict(
    num_workers=2,
    dataset=dict(data_root=data_root, data_prefix=dict(gt='val'), recursive=True, pipeline=test_pipeline))
test_dataloader = val_dataloader
