"""Compare methods of inpainting: the command ``mmpconv benchmark``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['benchmark', *sys.argv[1:]]))
