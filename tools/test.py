"""Test a checkpoint: ``python tools/test.py CONFIG CHECKPOINT``; ``--help`` lists the options."""
from mmpconv.engine.launch import test

if __name__ == '__main__':
    test()
