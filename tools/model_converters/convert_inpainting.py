"""Checkpoints of other PConv networks to ours: ``mmpconv convert-inpainting``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert-inpainting', *sys.argv[1:]]))
