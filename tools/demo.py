"""Fill photos, train the network on, fill them again: the command ``mmpconv demo``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['demo', *sys.argv[1:]]))
