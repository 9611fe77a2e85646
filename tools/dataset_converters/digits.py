"""scikit-learn's handwritten digits: the command ``mmpconv prepare-dataset digits``; ``--help`` lists the options."""
import sys

from mmpconv.cli import main

if __name__ == '__main__':
    sys.exit(main(['prepare-dataset', 'digits', *sys.argv[1:]]))
