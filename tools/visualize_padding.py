"""Draw partial padding: ``python tools/visualize_padding.py [PHOTO]``; ``--help`` lists the options."""
from mmpconv.analysis.padding_picture import main

if __name__ == '__main__':
    main()
