"""Lists of Places365: the command ``mmpconv prepare-dataset places365``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['prepare-dataset', 'places365', *sys.argv[1:]]))
