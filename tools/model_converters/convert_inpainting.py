"""Checkpoints of other PConv networks to ours: ``--help`` lists the options."""
from mmpconv.checkpoints.inpainting_keys import main

if __name__ == '__main__':
    main()
