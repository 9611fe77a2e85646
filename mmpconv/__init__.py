"""Partial convolutions for inpainting and padding, as an OpenMMLab plugin."""
