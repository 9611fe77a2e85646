"""Train a small PConv on photos and look at what it does: ``python tools/demo.py``; ``--help`` lists the options."""
from mmpconv.apis.demo import main

if __name__ == '__main__':
    main()
