"""The model that holes are filled with unless another is named. Imports nothing, so that ``--help`` is quick."""
DEFAULT_MODEL = 'pconv_stage2_4xb2_places-256x256'
