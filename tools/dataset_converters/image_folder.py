"""Lists of any folder of photos: the command ``mmpconv prepare-dataset image-folder``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['prepare-dataset', 'image-folder', *sys.argv[1:]]))
