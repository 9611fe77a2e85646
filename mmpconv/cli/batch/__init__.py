"""Fills many photos, one after the other."""
