_base_ = ['mmpretrain::_base_/models/vgg16bn.py', './_base_/nvidia_recipe.py']
