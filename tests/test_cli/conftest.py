"""The command line in this process, with a network that fills with one colour."""
import sys

import pytest
from one_color import OneColor

import mmpconv.apis
from mmpconv.apis.inpainter import Inpainter
from mmpconv.cli import main


@pytest.fixture
def network(monkeypatch):
    """What ``mmpconv inpaint`` fills with, instead of a trained network."""
    network = OneColor()

    def inpainter(*arguments, tile_size, max_pixels):
        network.arguments.append((*arguments, tile_size, max_pixels))
        return Inpainter(network, tile_size=tile_size, max_pixels=max_pixels)

    monkeypatch.setattr(mmpconv.apis, 'Inpainter', inpainter, raising=False)
    return network


@pytest.fixture
def run(capsys):
    """Run ``mmpconv``: gives the exit status, what was printed, and what was complained of."""

    def run(*arguments):
        status = 0
        capsys.readouterr()
        try:
            status = main([*map(str, arguments)])
        except SystemExit as end:
            if isinstance(end.code, str):  # as the interpreter does at its end
                print(end.code, file=sys.stderr)
            status = 1 if isinstance(end.code, str) else end.code
        output = capsys.readouterr()
        return status, output.out, output.err

    return run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
