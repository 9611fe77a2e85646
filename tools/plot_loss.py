"""Draw the losses of trainings: the command ``mmpconv plot-loss``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['plot-loss', *sys.argv[1:]]))
