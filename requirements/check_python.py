"""Exits with one clear sentence where the interpreter is not one that the lock file was made for."""
import importlib
import sys

# Old Pythons, Python 2 among them, have to be able to read this file.
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit('mmpconv needs Python 3.11, 3.12 or 3.13, but {} is Python {}.{}: install one of these and '
             'name it, e.g. make demo PYTHON=python3.11'.format(sys.executable, *sys.version_info[:2]))
try:
    importlib.import_module('ensurepip')
except ImportError:
    sys.exit('mmpconv needs the venv module of {}: install it, e.g. apt-get install python3-venv'.format(
        sys.executable))
