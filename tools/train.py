"""Train the model of a config: ``python tools/train.py CONFIG``; ``--help`` lists the options."""
from mmpconv.engine.launch import train

if __name__ == '__main__':
    train()
