"""Hooks, loops, optimizer wrappers, and the command line tools' logic."""
from . import hooks
from .amp_optim_wrapper import AmpOptimWrapper
from .errors import LaunchError
from .loops import IterBasedTrainLoop

__all__ = ['AmpOptimWrapper', 'IterBasedTrainLoop', 'LaunchError', 'hooks']
