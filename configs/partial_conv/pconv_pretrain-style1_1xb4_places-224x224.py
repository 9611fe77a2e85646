# Pre-training, first stage of SunnerLi/P-Conv: style weight 1, 10 epochs.
_base_ = [
    '../_base_/models/pconv_tanh.py', '../_base_/datasets/places_standard_224.py', '../_base_/schedules/pconv.py',
    '../_base_/loss_csv.py'
]

model = dict(loss_composed_percep=dict(style_weight=1))

train_dataloader = dict(batch_size=4)
train_cfg = dict(max_iters=4508650)  # 10 epochs of 450,865 batches
optim_wrapper = dict(optimizer=dict(lr=0.02))
auto_scale_lr = dict(enable=False, base_batch_size=4)
