"""Filling of a photo from standard input, or to standard output, as part of a pipe."""
import argparse
import io
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from mmpconv.errors import LaunchError
from mmpconv.photos import MAX_PIXELS, Photo, PhotoError

from ..main import DONE
from .fill import build_inpainter, read_hole
from .jobs import require_no_source, sources_of_paths
from .report import Report
from .wording import in_options, sentence_about

STREAM = '-'


class _Input(io.BytesIO):
    """All of standard input, with a name for messages."""

    name = 'standard input'


def fill_stream(word: str, mask: Path | str | tuple[int, int, int], args: argparse.Namespace) -> int:
    """Fill one photo.

    Args:
        word: File of the photo, or :data:`STREAM`.
        mask: See :func:`~mmpconv.cli.inpaint.parse_mask`; a file, if it is a path.
        args: The other arguments, see :mod:`~mmpconv.cli.inpaint`. ``out`` is a file or :data:`STREAM`.

    Returns:
        The exit status.

    Raises:
        LaunchError: It could not be filled.
    """
    name = Path(_Input.name if word == STREAM else word)
    if args.out == STREAM and sys.stdout.isatty():
        raise LaunchError('the picture would go to the terminal; let it go to a file (> filled.png) or another program')
    if isinstance(mask, Path) and mask.is_dir():
        raise LaunchError(f'{mask} is a folder; give the file of the mask')
    report = Report(1, args.quiet, lines=sys.stderr)
    try:
        with report, report.photo(name) as progress:
            photo = Photo.read(_Input(sys.stdin.buffer.read()) if word == STREAM else word,
                               max_pixels=args.max_pixels or MAX_PIXELS)
            suffix = f'.{args.format}' if args.format else photo.lossless_suffix
            out = Path(f'standard output{suffix}' if args.out == STREAM else args.out)
            photo.require_format(out)
            if args.out != STREAM:
                require_no_source([out], sources_of_paths([mask, *([] if word == STREAM else [name])]))
            hole = read_hole(mask, photo, args)
            inpainter, start = build_inpainter(args, args.device), time.monotonic()
            filled = inpainter.fill(photo, hole, opaque=mask == 'alpha', progress=progress)
            if args.out == STREAM:
                with TemporaryDirectory() as folder:
                    filled.save(Path(folder) / out.name)
                    sys.stdout.buffer.write((Path(folder) / out.name).read_bytes())
                    sys.stdout.buffer.flush()
            else:
                filled.save(out)
            report.line(f'{out}: {hole.mean():.1%} was hole, {time.monotonic() - start:.1f} s')
    except LaunchError as error:
        raise LaunchError(error.sentence(in_options)) from error
    except (PhotoError, MemoryError) as error:
        reason = 'there is too little memory' if isinstance(error, MemoryError) else error
        raise LaunchError(sentence_about(name, reason)) from error
    return DONE
