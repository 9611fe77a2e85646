# Runtime shared by all inpainting configs.
default_scope = 'mmpconv'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=50000, by_epoch=False),
    sampler_seed=dict(type='DistSamplerSeedHook'))

custom_hooks = [
    dict(type='BasicVisualizationHook', interval=500),
    dict(type='UnreadableImagesHook'),
    dict(type='ValidationSheetHook'),
]

env_cfg = dict(
    cudnn_benchmark=True,  # batches of one size; TF32 in convolutions is torch's default
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'))  # gloo on machines without a GPU: the tools see to it

vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(
    type='ConcatImageVisualizer',
    vis_backends=vis_backends,
    fn_key='gt_path',
    img_keys=['gt_img', 'input', 'pred_img'],
    bgr2rgb=True)

log_level = 'INFO'
log_processor = dict(type='LogProcessor', by_epoch=False)
load_from = None
resume = False
