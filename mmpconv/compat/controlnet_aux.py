"""``controlnet_aux`` for MMagic's inferencers, imported when it is used.

The defect: ``import mmagic.apis`` of MMagic 1.2.0 imports controlnet_aux for one of its thirteen inferencers, and that
imports mediapipe's ``solutions``, which mediapipe 1 does not have, so that none of them imports.

What is done: while that inferencer is imported, a stand-in has the one class that it names. The real controlnet_aux is
imported when that class is used.

Delete when: MMagic imports it on demand, or controlnet_aux imports with current mediapipes.
"""
import importlib

from .when_imported import stand_in


class _HEDdetector:
    """The class of controlnet_aux, which is made by its class methods."""

    def __getattr__(self, name: str):
        return getattr(importlib.import_module('controlnet_aux').HEDdetector, name)


HEDdetector = _HEDdetector()


def install() -> None:
    """Spare MMagic's inferencers the import. Idempotent; imports nothing."""
    stand_in('mmagic.apis.inferencers.controlnet_animation_inferencer', 'controlnet_aux', 'HEDdetector', HEDdetector)
