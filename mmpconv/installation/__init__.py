"""What is installed, what of it works, and known faults: for ``mmpconv doctor``, which runs where little else does."""
