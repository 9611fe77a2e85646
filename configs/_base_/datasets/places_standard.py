# Places365-Standard (1,803,460 photos) at 256 x 256. Layout: as places.py, with the list of this edition.
_base_ = ['./places.py']

train_dataloader = dict(dataset=dict(ann_file='meta/places365_train_standard.txt'))
