_base_ = [
    '../_base_/models/pconv.py', '../_base_/datasets/celeba.py', '../_base_/schedules/pconv.py',
    '../_base_/default_runtime.py'
]

train_dataloader = dict(batch_size=1)

auto_scale_lr = dict(enable=False, base_batch_size=8)
