# How main.py of NVIDIA/partialconv trains on ImageNet: batch 192 over 8 GPUs, 100 epochs, SGD from 0.1, a tenth of it
# every 30 epochs. Images, optimizer, schedule and evaluation are MMPretrain's, which are the same; the differences:
_base_ = [
    'mmpretrain::_base_/datasets/imagenet_bs32_pil_resize.py',  # resizes as torchvision does, with antialiasing
    'mmpretrain::_base_/schedules/imagenet_bs256.py',
    'mmpretrain::_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=24, num_workers=4)
val_dataloader = test_dataloader = dict(batch_size=24, num_workers=4)
auto_scale_lr = dict(base_batch_size=192)
env_cfg = dict(cudnn_benchmark=True)
# The score of a run is its best epoch. Besides that one, the last six are kept.
default_hooks = dict(checkpoint=dict(save_best='accuracy/top1', rule='greater', max_keep_ckpts=6))
# BatchNorm keeps its statistics per GPU. Averaged before each validation, the model that is scored is the one that is
# saved; without this every GPU would score its share of the images with statistics of its own.
custom_hooks = [dict(type='SyncBuffersHook')]
