"""Lists of masks by hole ratio: ``python tools/dataset_converters/nvidia_masks.py``; ``--help`` lists the options."""
from mmpconv.dataset_converters.masks import main

if __name__ == '__main__':
    main()
