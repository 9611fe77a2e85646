_base_ = './vgg11-zero_1xb64_photos-64x64.py'

model = dict(backbone=dict(_delete_=True, type='PaddedModel', mode='partial', model={{_base_.model.backbone}}))
