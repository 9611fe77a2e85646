# scikit-learn's handwritten digits, 1198 to train on and 599 to score with, as tools/dataset_converters/digits.py
# writes them. 8 x 8 pixels leave nothing to augment: a shift by one pixel cuts strokes off.
data_preprocessor = dict(num_classes=10, mean=[78.1] * 3, std=[95.7] * 3, to_rgb=False)

pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]

train_dataloader = dict(
    batch_size=64,
    num_workers=0,  # two milliseconds a batch; the cores are for the runs of a comparison
    persistent_workers=False,
    dataset=dict(type='CustomDataset', data_root='data/digits', data_prefix='train', pipeline=pipeline),
    sampler=dict(type='DefaultSampler', shuffle=True))

val_dataloader = dict(
    batch_size=200,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(type='CustomDataset', data_root='data/digits', data_prefix='val', pipeline=pipeline),
    sampler=dict(type='DefaultSampler', shuffle=False))
val_evaluator = dict(type='Accuracy', topk=(1, ))

test_dataloader = val_dataloader
test_evaluator = val_evaluator
