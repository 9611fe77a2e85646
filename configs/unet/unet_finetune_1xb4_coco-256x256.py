# Fine-tuning on MS-COCO: the encoder's BatchNorm is frozen, statistics and parameters; the learning rate is lower.
_base_ = [
    '../_base_/models/unet.py', '../_base_/datasets/coco.py', '../_base_/schedules/pconv.py', '../_base_/loss_csv.py'
]

model = dict(encdec=dict(freeze_encoder_norm=True))

train_dataloader = dict(batch_size=4)
train_cfg = dict(max_iters=8278300)  # 400 epochs of the 82,783 photos of train2014; train2017 has 118,287
optim_wrapper = dict(optimizer=dict(lr=0.0002))
auto_scale_lr = dict(enable=False, base_batch_size=4)

load_from = 'work_dirs/unet_schedule_1xb4_places-256x256/iter_9017300.pth'
