_base_ = ['mmpretrain::_base_/models/vgg19bn.py', './_base_/nvidia_recipe.py']
