# CamVid as SegNet's authors cut it: photos in data/camvid/{train,val}, labels of the same name in {train,val}annot, or
# where CAMVID points to; 11 classes, 11 where there is none. The networks see frames at half of 320 x 240 pixels, in
# training a window of them; scores are of the labels as they lie, so that a frame of 8 pixels is 4 of the network's.
custom_imports = dict(imports=['mmpconv'])  # the metric

data_root = '{{$CAMVID:data/camvid}}'
metainfo = dict(
    classes=('sky', 'building', 'pole', 'road', 'pavement', 'tree', 'sign', 'fence', 'car', 'pedestrian', 'bicyclist'),
    palette=[[128, 128, 128], [128, 0, 0], [192, 192, 128], [128, 64, 128], [60, 40, 222], [128, 128, 0],
             [192, 128, 128], [64, 64, 128], [64, 0, 128], [64, 64, 0], [0, 128, 192]])

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='RandomResize', scale=(160, 120), ratio_range=(0.85, 1.5), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(96, 96), cat_max_ratio=0.75, ignore_index=11),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(160, 120), keep_ratio=True),
    dict(type='LoadAnnotations'),  # after the photo has its size: labels keep theirs
    dict(type='PackSegInputs'),
]

_dataset = dict(type='BaseSegDataset', data_root=data_root, metainfo=metainfo, ignore_index=11)
train_dataloader = dict(
    batch_size=8,
    num_workers=0,  # the cores are for the runs of a comparison
    persistent_workers=False,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(**_dataset, data_prefix=dict(img_path='train', seg_map_path='trainannot'), pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(**_dataset, data_prefix=dict(img_path='val', seg_map_path='valannot'), pipeline=test_pipeline))
val_evaluator = dict(type='BorderIoUMetric', widths=(8, 16, 32), ignore_index=11)

test_dataloader = val_dataloader
test_evaluator = val_evaluator
