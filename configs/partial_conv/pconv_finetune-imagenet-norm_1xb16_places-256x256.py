# Second stage of naoto0804/pytorch-inpainting-with-partial-conv, from its published weights after
# tools/model_converters/convert_inpainting.py: the encoder's BatchNorm is frozen, the learning rate is lower.
_base_ = [
    '../_base_/models/pconv_imagenet_norm.py', '../_base_/datasets/places.py', '../_base_/schedules/pconv.py',
    '../_base_/default_runtime.py'
]

model = dict(encdec=dict(encoder=dict(norm_cfg=dict(requires_grad=False), norm_eval=True)))

train_dataloader = dict(batch_size=16)
train_cfg = dict(max_iters=500000)
optim_wrapper = dict(optimizer=dict(lr=0.00005))
auto_scale_lr = dict(enable=False, base_batch_size=16)

load_from = 'work_dirs/converted/naoto0804.pth'
