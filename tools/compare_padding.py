"""Compare paddings by trained networks: ``python tools/compare_padding.py``; ``--help`` lists the options."""
from pathlib import Path

from mmpconv.analysis.padding_comparison import main

if __name__ == '__main__':
    main(tools=Path(__file__).resolve().parent)
