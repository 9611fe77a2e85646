"""Lists of masks by hole ratio: the command ``mmpconv prepare-dataset nvidia-masks``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['prepare-dataset', 'nvidia-masks', *sys.argv[1:]]))
