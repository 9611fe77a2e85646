_base_ = './unet-zero_1xb8_camvid-96x96.py'

# Every padded convolution, in backbone and heads.
model = dict(_delete_=True, type='PaddedModel', mode='partial', model={{_base_.model}})
