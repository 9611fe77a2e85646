"""Lists of CelebA-HQ: the command ``mmpconv prepare-dataset celeba-hq``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['prepare-dataset', 'celeba-hq', *sys.argv[1:]]))
