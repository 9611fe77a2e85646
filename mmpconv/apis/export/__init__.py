"""Writes trained inpaintors as files that run without this package."""
from .command_line import build_parser, main
from .onnx_file import export_onnx
from .program_file import export_program

__all__ = ['build_parser', 'export_onnx', 'export_program', 'main']
