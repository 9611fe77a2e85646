# irregular_256.py at 224 pixels, of the same windows; strokes are shorter and thinner in the same ratio.
_base_ = ['./irregular_256.py']

image_size = (224, 224)
mask_config = dict(img_shape=image_size, length_range=(18, 112), brush_width=(9, 39))

changes = dict(
    LoadMask=dict(mask_config={**_base_.mask_config, **mask_config}),
    Resize=dict(scale=image_size))
train_pipeline = [{**step, **changes.get(step['type'], {})} for step in _base_.train_pipeline]
test_pipeline = [{**step, **changes.get(step['type'], {})} for step in _base_.test_pipeline]
del changes

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
