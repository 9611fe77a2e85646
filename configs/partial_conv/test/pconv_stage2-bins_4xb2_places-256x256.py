# Stage 2, tested by hole ratio and by contact with the border; the metrics of each image go beside the log.
_base_ = ['../pconv_stage2_4xb2_places-256x256.py', '../../_base_/evaluators/inpainting.py']

test_evaluator = _base_.inpainting_evaluator
