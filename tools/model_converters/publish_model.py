"""A trained network as a small file to hand on: ``--help`` lists the options."""
from mmpconv.apis.publish_model import main

if __name__ == '__main__':
    main()
