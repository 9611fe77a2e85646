# CelebA-HQ at 256 x 256. Layout: data/CelebA-HQ/*.{png,jpg} and the two lists beside them.
_base_ = ['./irregular_256.py']

data_root = 'data/CelebA-HQ'

train_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=dict(gt=''), ann_file='train_celeba_img_list.txt'))
val_dataloader = dict(
    dataset=dict(data_root=data_root, data_prefix=dict(gt=''), ann_file='val_celeba_img_list.txt'))
test_dataloader = val_dataloader
