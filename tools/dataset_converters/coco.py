"""Lists of COCO 2017: the command ``mmpconv prepare-dataset coco``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['prepare-dataset', 'coco', *sys.argv[1:]]))
