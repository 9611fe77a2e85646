# Places365-Standard (1,803,460 photos) at 224 x 224. Layout: as places.py, with the list of this edition.
_base_ = ['./irregular_224.py']

data_root = 'data/Places'

train_dataloader = dict(
    dataset=dict(
        data_root=data_root, data_prefix=dict(gt='data_large'), ann_file='meta/places365_train_standard.txt'))
val_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=dict(gt='val_large'), ann_file='meta/places365_val.txt'))
test_dataloader = val_dataloader
