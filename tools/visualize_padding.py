"""Draw partial padding: the command ``mmpconv visualize-padding``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['visualize-padding', *sys.argv[1:]]))
