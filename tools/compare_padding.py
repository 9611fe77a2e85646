"""Compare paddings by trained networks: the command ``mmpconv compare-padding``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['compare-padding', *sys.argv[1:]]))
