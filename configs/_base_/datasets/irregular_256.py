# Loaders and metrics of 256 x 256 inpainting with irregular masks; the inheriting file says which photos.
image_size = (256, 256)
mask_config = dict(
    img_shape=image_size,
    num_vertices=(4, 10),
    max_angle=6.0,
    length_range=(20, 128),
    brush_width=(10, 45),
    area_ratio_range=(0.15, 0.65))

train_pipeline = [
    dict(type='LoadImageFromFile', key='gt'),
    dict(type='LoadMask', mask_mode='irregular', mask_config=mask_config),
    dict(type='Crop', keys=['gt'], crop_size=(384, 384), random_crop=True),
    dict(type='Resize', keys=['gt'], scale=image_size, keep_ratio=False),
    dict(type='GetMaskedImage'),
    dict(type='PackInputs'),
]
# The same photo always gets the same window and the same hole.
test_pipeline = [
    dict(type='LoadImageFromFile', key='gt'),
    dict(type='LoadMask', mask_mode='irregular', mask_config=mask_config, seed=0),
    dict(type='Crop', keys=['gt'], crop_size=(384, 384), random_crop=False),
    dict(type='Resize', keys=['gt'], scale=image_size, keep_ratio=False),
    dict(type='GetMaskedImage'),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(type='InpaintingDataset', test_mode=False, pipeline=train_pipeline))

val_dataloader = dict(
    num_workers=4,
    persistent_workers=False,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='InpaintingDataset', test_mode=True, pipeline=test_pipeline))

test_dataloader = val_dataloader

# L1 over the hole in percent; PSNR in dB and SSIM over the completed image.
val_evaluator = [
    dict(type='MAE', mask_key='mask', scaling=100),
    dict(type='PSNR'),
    dict(type='SSIM'),
]
test_evaluator = val_evaluator
