# First of two steps to the weights that are in the package.
_base_ = [
    '../_base_/models/oriented_unet.py', '../_base_/datasets/mixed_holes_128.py',
    '../_base_/schedules/oriented_unet.py'
]
