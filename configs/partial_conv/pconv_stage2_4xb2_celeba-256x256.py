# The encoder's BatchNorm is frozen, statistics and parameters; the learning rate is lower.
_base_ = './pconv_stage1_8xb1_celeba-256x256.py'

model = dict(encdec=dict(encoder=dict(norm_cfg=dict(requires_grad=False), norm_eval=True)))

train_dataloader = dict(batch_size=2)
train_cfg = dict(max_iters=300002)
optim_wrapper = dict(optimizer=dict(lr=0.00005))
auto_scale_lr = dict(base_batch_size=8)

load_from = 'work_dirs/pconv_stage1_8xb1_celeba-256x256/iter_800002.pth'
