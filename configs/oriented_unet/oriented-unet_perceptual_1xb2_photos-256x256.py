# Third step, tried and not in the package (docs/model_card.md): perceptual and style terms for texture in large holes.
_base_ = './oriented-unet_1xb4_photos-256x256.py'

load_from = 'mmpconv://oriented-unet_1xb4_photos-256x256.safetensors'

model = dict(
    loss_psnr=dict(loss_weight=0.3),
    loss_composed_percep=dict(
        type='PerceptualStyleLoss', layer_weights={'4': 1., '9': 1., '14': 1.}, perceptual_weight=0.01,
        style_weight=0.01, pretrained='torchvision://vgg16'))
optim_wrapper = dict(optimizer=dict(lr=3e-4))
train_dataloader = dict(batch_size=2)
train_cfg = dict(max_iters=300, val_interval=300)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=300, eta_min=3e-6),
]
default_hooks = dict(logger=dict(interval=20), checkpoint=dict(interval=50))
