"""Files that are there completely or not at all."""
import json
import os
from pathlib import Path
from typing import Any


def write_text(path: Path, text: str) -> None:
    """Write a file under another name first: whoever is interrupted leaves no half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f'.{path.name}.unfinished')
    unfinished.write_text(text, encoding='utf-8')
    os.replace(unfinished, path)


def write_json(path: Path, content: Any) -> None:
    """As :func:`write_text`."""
    write_text(path, json.dumps(content, indent=1) + '\n')


def read_json(path: Path) -> Any:
    """The content, or None if there is no such file."""
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else None
