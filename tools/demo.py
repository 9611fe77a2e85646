"""The command ``mmpconv demo``: ``python tools/demo.py``; ``--help`` lists the options."""
import sys

from mmpconv.cli.main import main

if __name__ == '__main__':
    sys.exit(main(['demo', *sys.argv[1:]]))
