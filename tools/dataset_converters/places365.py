"""Lists of Places365: ``python tools/dataset_converters/places365.py``; ``--help`` lists the options."""
from mmpconv.dataset_converters.places365 import main

if __name__ == '__main__':
    main()
