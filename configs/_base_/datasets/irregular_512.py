# irregular_256.py at the paper's size: windows of 512 pixels, strokes of twice the length and width.
_base_ = ['./irregular_256.py']

image_size = (512, 512)
mask_config = dict(img_shape=image_size, length_range=(40, 256), brush_width=(20, 90))

changes = dict(
    LoadMask=dict(mask_config={**_base_.mask_config, **mask_config}),
    Crop=dict(crop_size=image_size),
    Resize=dict(scale=image_size))
train_pipeline = [{**step, **changes.get(step['type'], {})} for step in _base_.train_pipeline]
test_pipeline = [{**step, **changes.get(step['type'], {})} for step in _base_.test_pipeline]
del changes

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
