# Stage 1 of MMagic's schedule; stage 2 lowers the learning rate.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=800002, val_interval=50000)
val_cfg = dict(type='MultiValLoop')
test_cfg = dict(type='MultiTestLoop')

optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    # Fused: one pass over the weights instead of ten.
    optimizer=dict(type='Adam', lr=0.0002, fused=True))
