custom_imports = dict(imports=['toy_project'])
default_scope = 'mmengine'
model = dict(type='ToyRegressor')
train_dataloader = dict(
    batch_size=2, num_workers=0, collate_fn=dict(type='default_collate'),
    sampler=dict(type='InfiniteSampler', shuffle=True), dataset=dict(type='NoisyRamps'))
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=0, collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False), dataset=dict(type='NoisyRamps', random_noise=False))
val_evaluator = test_evaluator = dict(type='MeanError')
train_cfg = dict(type='IterBasedTrainLoop', max_iters=6, val_interval=100)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=0.01))
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=1),
    checkpoint=dict(type='CheckpointHook', interval=3, by_epoch=False))
log_processor = dict(by_epoch=False, window_size=1)
