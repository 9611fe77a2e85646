"""Test a checkpoint: the command ``mmpconv test``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['test', *sys.argv[1:]]))
