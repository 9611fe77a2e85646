# Any photos, small ones too, at 128 x 128. Layout: data/photos/{train,val}, no lists.
_base_ = ['./irregular_256.py']

data_root = 'data/photos'
image_size = (128, 128)
mask_config = dict(img_shape=image_size, length_range=(10, 64), brush_width=(5, 23))

# The window is the largest one in photos below 256 pixels.
changes = dict(
    LoadMask=dict(mask_config={**_base_.mask_config, **mask_config}),
    Crop=dict(crop_size=(256, 256)),
    Resize=dict(scale=image_size))
train_pipeline = [{**step, **changes.get(step['type'], {})} for step in _base_.train_pipeline]
test_pipeline = [{**step, **changes.get(step['type'], {})} for step in _base_.test_pipeline]
del changes

train_dataloader = dict(
    num_workers=2,
    dataset=dict(data_root=data_root, data_prefix=dict(gt='train'), recursive=True, pipeline=train_pipeline))
val_dataloader = dict(
    num_workers=2,
    dataset=dict(data_root=data_root, data_prefix=dict(gt='val'), recursive=True, pipeline=test_pipeline))
test_dataloader = val_dataloader
