"""Exits with one clear sentence where the interpreter is not one that the lock file was made for."""
import sys

if not (3, 10) <= sys.version_info[:2] <= (3, 12):
    sys.exit('mmpconv needs Python 3.10, 3.11 or 3.12, but %s is Python %d.%d: install one of these and name it, '
             'e.g. make demo PYTHON=python3.11' % ((sys.executable,) + tuple(sys.version_info[:2])))
try:
    import venv, ensurepip  # noqa: E401, F401
except ImportError:
    sys.exit('mmpconv needs the venv module of %s: install it, e.g. apt-get install python3-venv' % sys.executable)
