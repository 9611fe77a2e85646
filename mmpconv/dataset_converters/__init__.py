"""Checks what is there of a data set, and writes the lists that the configs read. Photos stay as and where they are."""

ROOTS = {'places365': 'data/Places', 'celeba-hq': 'data/CelebA-HQ', 'coco': 'data/coco', 'image-folder': 'data/photos',
         'nvidia-masks': 'data/masks', 'digits': 'data/digits'}
"""Folders where the configs look for each data set."""
