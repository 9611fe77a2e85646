# As in the table of the paper. A config uses them by `test_evaluator = _base_.inpainting_evaluator`.
inpainting_evaluator = [
    dict(type='InpaintingMetric', metric=['l1', 'l1_hole', 'psnr', 'ssim'], csv='per_image.csv'),
]
