"""Remedies that let the installed MM* ecosystem run together.

One file per foreign defect; each says when it can be deleted. ``install``
is called by ``import mmpconv`` and has to come before any import of MMagic
or MMSegmentation. The safe loader, :mod:`mmpconv.checkpoints.loading`, is put
in force by :mod:`mmpconv.registry`, because it needs MMEngine's runner.
"""
from . import adafactor, config_text, controlnet_aux, mmagic_on_demand, mmcv_ext, numpy_bool8, own_configs, safe_globals
from .when_imported import when_imported

__all__ = ['install', 'when_imported']


def install() -> None:
    """Put the light remedies in force. Idempotent; imports nothing."""
    mmcv_ext.install()
    numpy_bool8.install()
    mmagic_on_demand.install()
    controlnet_aux.install()
    adafactor.install()
    own_configs.install()
    config_text.install()
    when_imported('torch', safe_globals.install)
