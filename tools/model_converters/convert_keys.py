"""Weights to MMPretrain's names, or back: the command ``mmpconv convert-keys``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert-keys', *sys.argv[1:]]))
