"""Scores methods of inpainting on a frozen benchmark, and shows how they compare."""
