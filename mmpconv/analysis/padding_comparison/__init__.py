"""Trains networks with several paddings and seeds, and compares their scores."""
