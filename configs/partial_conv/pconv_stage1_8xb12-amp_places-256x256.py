_base_ = './pconv_stage1_8xb12_places-256x256.py'

optim_wrapper = dict(type='AmpOptimWrapper', loss_scale='dynamic')
