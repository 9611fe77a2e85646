"""Hooks, loops, optimizer wrappers, and the command line tools' logic."""
from mmpconv.errors import LaunchError

from . import hooks
from .amp_optim_wrapper import AmpOptimWrapper
from .loops import IterBasedTrainLoop

__all__ = ['AmpOptimWrapper', 'IterBasedTrainLoop', 'LaunchError', 'hooks']
