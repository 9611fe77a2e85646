"""Draw what a network sees of its data: ``python tools/browse_dataset.py CONFIG``; ``--help`` lists the options."""
from mmpconv.analysis.dataset_sheet import main

if __name__ == '__main__':
    main()
