"""Lists of CelebA-HQ: ``python tools/dataset_converters/celeba_hq.py``; ``--help`` lists the options."""
from mmpconv.dataset_converters.celeba_hq import main

if __name__ == '__main__':
    main()
