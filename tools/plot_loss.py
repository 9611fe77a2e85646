"""Draw the losses of runs: ``python tools/plot_loss.py RUN...``; ``--help`` lists the options."""
from mmpconv.analysis.loss_curves import main

if __name__ == '__main__':
    main()
