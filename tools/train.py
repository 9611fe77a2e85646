"""Train the model of a config: the command ``mmpconv train``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['train', *sys.argv[1:]]))
