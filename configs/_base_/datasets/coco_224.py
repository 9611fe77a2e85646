# MS-COCO at 224 x 224. Layout: data/coco/{train2017,val2017}, data/coco/meta/*.txt.
_base_ = ['./irregular_224.py']

data_root = 'data/coco'

train_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=dict(gt='train2017'), ann_file='meta/train2017.txt'))
val_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=dict(gt='val2017'), ann_file='meta/val2017.txt'))
test_dataloader = val_dataloader
