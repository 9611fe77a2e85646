"""Draw what a network sees of its data: the command ``mmpconv browse``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['browse', *sys.argv[1:]]))
