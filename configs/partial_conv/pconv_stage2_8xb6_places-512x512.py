# The encoder's BatchNorm is frozen, statistics and parameters; the learning rate is lower.
_base_ = './pconv_stage1_8xb6_places-512x512.py'

model = dict(encdec=dict(encoder=dict(norm_cfg=dict(requires_grad=False), norm_eval=True)))

train_dataloader = dict(batch_size=6)
train_cfg = dict(max_iters=500000)
optim_wrapper = dict(optimizer=dict(lr=0.00005))
auto_scale_lr = dict(base_batch_size=48)

load_from = 'work_dirs/pconv_stage1_8xb6_places-512x512/iter_800002.pth'
