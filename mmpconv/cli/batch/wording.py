"""Messages about photos, in the words of the command line."""
import os
import re
from pathlib import Path

# What a remedy is called there, and here.
_OPTIONS = (
    (r'set resize=True', 'give --resize-mask'),
    (r'set invert=True', 'give --invert'),
    (r'set invert=False', 'leave out --invert'),
    (r'\btolerance=(\d+)', r'--tolerance \1'),
    (r'\bmax_pixels\b', '--max-pixels'),
    (r'\btile_size or batch_size\b', '--tile-size'),
    (r'\btile_size\b', '--tile-size'),
)


def in_options(sentence: str) -> str:
    """The sentence with options instead of arguments: ``--invert`` for ``invert=True``."""
    for argument, option in _OPTIONS:
        sentence = re.sub(argument, option, sentence)
    return sentence


def sentence_about(path: Path, sentence: str) -> str:
    """The sentence with options, and with the name of the photo before it if it has none."""
    # Names of files need not be UTF-8; the sentence has something else in place of what is not.
    name = os.fsencode(path.name).decode('utf-8', 'replace')
    return in_options(sentence) if name in sentence or path.name in sentence else f'{path}: {in_options(sentence)}'
