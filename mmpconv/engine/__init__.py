"""Hooks, loops, optimizer wrappers, and the command line tools' logic."""
from mmpconv.errors import LaunchError

from . import hooks
from .loops import IterBasedTrainLoop
from .machine import AmpOptimWrapper

__all__ = ['AmpOptimWrapper', 'IterBasedTrainLoop', 'LaunchError', 'hooks']
