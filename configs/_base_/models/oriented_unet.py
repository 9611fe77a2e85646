# The network whose weights are in the package: chooses among fillings along lines. Its loss is the PSNR of the hole.
model = dict(
    type='PConvInpaintor',
    data_preprocessor=dict(type='DataPreprocessor', mean=[127.5], std=[127.5]),
    encdec=dict(type='OrientedUNet'),
    disc=None,
    loss_psnr=dict(type='MaskedPSNRLoss'),
    train_cfg=dict(disc_step=0, start_iter=0))
