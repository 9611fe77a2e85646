"""Weights of torchvision or NVIDIA to MMPretrain's names, or back; ``--help`` lists the options."""
from mmpconv.checkpoints.padding_keys import main

if __name__ == '__main__':
    main()
