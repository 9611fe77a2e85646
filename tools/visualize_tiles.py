"""Draw what padding does along seams of tiles: ``mmpconv visualize-tiles``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['visualize-tiles', *sys.argv[1:]]))
