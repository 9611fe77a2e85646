# Any photos at 128 x 128 with holes of three kinds, as many of each of the six hole ratios: data/photos/{train,val}.
# Photos are validated at 256 x 256, with the same hole each time.
_base_ = ['./image_folder.py']

image_size = (128, 128)
# Lengths and widths in pixels are those of MMagic's masks of 256 pixels, in proportion.
hole_kinds = [
    *[dict(mask_mode='occlusion', mask_config=dict(img_shape=image_size))] * 2,
    dict(mask_mode='irregular',
         mask_config=dict(img_shape=image_size, num_vertices=(4, 10), max_angle=6.0, length_range=(10, 64),
                          brush_width=(2, 23))),
]
hole_ratios = [(0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6)]
holes = [[dict(type='mmpconv.LoadMask', mask_mode=kind['mask_mode'],
               mask_config=dict(area_ratio_range=ratio, **kind['mask_config']))]
         for kind in hole_kinds for ratio in hole_ratios]

train_pipeline = [
    dict(type='LoadImageFromFile', key='gt'),
    dict(type='RandomChoice', transforms=holes),
    dict(type='RandomResizedCrop', keys=['gt'], crop_size=image_size, scale=(0.25, 1.0), ratio=(0.9, 1.11),
         interpolation='area'),
    dict(type='Flip', keys=['gt'], flip_ratio=0.5, direction='horizontal'),
    dict(type='GetMaskedImage'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', key='gt'),
    dict(type='LoadMask', mask_mode='occlusion', mask_config=dict(img_shape=(256, 256)), seed=0),
    dict(type='Crop', keys=['gt'], crop_size=(320, 320), random_crop=False),
    dict(type='Resize', keys=['gt'], scale=(256, 256), keep_ratio=False, interpolation='area'),
    dict(type='GetMaskedImage'),
    dict(type='PackInputs'),
]
train_dataloader = dict(batch_size=8, num_workers=1, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(num_workers=0, dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
