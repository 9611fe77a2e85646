"""The model that holes are filled with unless another is named. Imports nothing, so that ``--help`` is quick."""
DEFAULT_MODEL = 'oriented-unet_1xb4_photos-256x256'
# Which is better for what, in a line of help.
CHOICE = ("pconv_stage2_4xb2_places-256x256 (MMagic's weights, downloaded once) makes up more in large holes; "
          'oriented, pyramid, telea, navier-stokes and biharmonic need no weights')
