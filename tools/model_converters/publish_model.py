"""A trained network as a small file to hand on: the command ``mmpconv publish``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['publish', *sys.argv[1:]]))
