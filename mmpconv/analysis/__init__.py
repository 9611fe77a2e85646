"""Comparisons and pictures of trained networks, loss curves, data sheets."""
