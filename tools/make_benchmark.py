"""Freeze a benchmark to files: the command ``mmpconv make-benchmark``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['make-benchmark', *sys.argv[1:]]))
