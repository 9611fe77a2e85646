"""Lists of COCO 2017: ``python tools/dataset_converters/coco.py``; ``--help`` lists the options."""
from mmpconv.dataset_converters.coco import main

if __name__ == '__main__':
    main()
