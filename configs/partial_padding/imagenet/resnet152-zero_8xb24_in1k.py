_base_ = ['mmpretrain::_base_/models/resnet152.py', './_base_/nvidia_recipe.py']

# torchvision's initialisation, which NVIDIA keeps: MMPretrain starts residual branches at zero and draws the last
# layer from another distribution.
model = dict(backbone=dict(zero_init_residual=False), head=dict(init_cfg=None))
