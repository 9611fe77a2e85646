"""Lists of COCO 2017: ``python tools/dataset_converters/coco.py``; ``--help`` lists the options."""
from mmpconv.apis.data_preparation.coco import main

if __name__ == '__main__':
    main()
