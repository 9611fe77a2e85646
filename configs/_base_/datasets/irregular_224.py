# irregular_256.py at 224 pixels, of the same windows; strokes are shorter and thinner in the same ratio.
_base_ = ['./irregular_256.py']

image_size = (224, 224)
mask_config = dict(img_shape=image_size, length_range=(18, 112), brush_width=(9, 39))

train_pipeline = [
    dict(type='LoadImageFromFile', key='gt'),
    dict(type='LoadMask', mask_mode='irregular', mask_config={**_base_.mask_config, **mask_config}),
    dict(type='Crop', keys=['gt'], crop_size=(384, 384), random_crop=True),
    dict(type='Resize', keys=['gt'], scale=image_size, keep_ratio=False),
    dict(type='GetMaskedImage'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', key='gt'),
    dict(type='LoadMask', mask_mode='irregular', mask_config={**_base_.mask_config, **mask_config}, seed=0),
    dict(type='Crop', keys=['gt'], crop_size=(384, 384), random_crop=False),
    dict(type='Resize', keys=['gt'], scale=image_size, keep_ratio=False),
    dict(type='GetMaskedImage'),
    dict(type='PackInputs'),
]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
