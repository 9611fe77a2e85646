"""Lists of any folder of photos: ``python tools/dataset_converters/image_folder.py``; ``--help`` lists the options."""
from mmpconv.dataset_converters.image_folder import main

if __name__ == '__main__':
    main()
