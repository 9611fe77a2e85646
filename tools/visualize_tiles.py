"""Draw what padding does along the seams of tiles: ``python tools/visualize_tiles.py [PHOTO]``; see ``--help``."""
from mmpconv.analysis.padding_tiles import main

if __name__ == '__main__':
    main()
