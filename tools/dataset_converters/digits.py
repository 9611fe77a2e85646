"""Write scikit-learn's handwritten digits as image folders: ``python tools/dataset_converters/digits.py``."""
import argparse
import sys
from pathlib import Path

from mmpconv.dataset_converters.digits import write_digits

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.partition(':')[0])
    parser.add_argument('--out', type=Path, default=Path('data/digits'), help='folder to make; default: data/digits')
    args = parser.parse_args()
    try:
        write_digits(args.out)
    except FileExistsError as error:
        sys.exit(f'error: {error}')
    print(f'written: {args.out}')
