# irregular_256.py at the paper's size: windows of 512 pixels, strokes of twice the length and width.
_base_ = ['./irregular_256.py']

image_size = (512, 512)
mask_config = dict(img_shape=image_size, length_range=(40, 256), brush_width=(20, 90))

train_pipeline = [
    dict(type='LoadImageFromFile', key='gt'),
    dict(type='LoadMask', mask_mode='irregular', mask_config={**_base_.mask_config, **mask_config}),
    dict(type='Crop', keys=['gt'], crop_size=image_size, random_crop=True),
    dict(type='Resize', keys=['gt'], scale=image_size, keep_ratio=False),
    dict(type='GetMaskedImage'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', key='gt'),
    dict(type='LoadMask', mask_mode='irregular', mask_config={**_base_.mask_config, **mask_config}, seed=0),
    dict(type='Crop', keys=['gt'], crop_size=image_size, random_crop=False),
    dict(type='Resize', keys=['gt'], scale=image_size, keep_ratio=False),
    dict(type='GetMaskedImage'),
    dict(type='PackInputs'),
]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
