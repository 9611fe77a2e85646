# Places365 at 512 x 512. Layout: data/Places/{data_large,val_large}, data/Places/meta/*.txt.
_base_ = ['./irregular_512.py']

data_root = 'data/Places'

# The list of Places365-Challenge (8 M photos); Places365-Standard (1.8 M) has its own.
train_dataloader = dict(
    dataset=dict(
        data_root=data_root, data_prefix=dict(gt='data_large'), ann_file='meta/places365_train_challenge.txt'))
val_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=dict(gt='val_large'), ann_file='meta/places365_val.txt'))
test_dataloader = val_dataloader
