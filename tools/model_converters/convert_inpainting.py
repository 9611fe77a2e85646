"""Checkpoints of other PConv networks to ours: ``--help`` lists the options."""
from mmpconv.conversion.inpainting_file import main

if __name__ == '__main__':
    main()
