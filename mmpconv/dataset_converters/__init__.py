"""Checks what is there of a data set, and writes the lists that the configs read. Photos stay as and where they are."""
