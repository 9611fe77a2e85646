"""Names of methods on a command line, in tables and in files."""
import re
from collections.abc import Sequence
from pathlib import Path

from mmpconv.engine.resume import config_stem, is_url
from mmpconv.errors import LaunchError
from mmpconv.evaluation.baselines import BASELINES

from .methods import Baseline, Folder, Method
from .network import Network

# A name is part of file names, on whatever system.
_NAME = re.compile(r'[^/\\=\x00-\x1f.\s]([^/\\=\x00-\x1f]{0,78}[^/\\=\x00-\x1f\s])?')
# The suffix of a config ends it: colons stand in `package::path` and in URLs, too.
_NETWORK = re.compile(r'(?P<config>.+?\.(?:py|json|ya?ml)):(?P<checkpoint>.+)', re.DOTALL)


def parse_methods(words: Sequence[str], device: str, options: dict | None = None) -> list[Method]:
    """The methods of a command line, in its order.

    Args:
        words: Each is a baseline, ``CONFIG:CHECKPOINT`` of a network, or a folder of results, perhaps behind ``NAME=``.
        device, options: Of networks, see :class:`~.network.Network`.

    Raises:
        LaunchError: One is none of these, or a name is not one or is there twice.
    """
    methods = [_parse(word, device, options) for word in words]
    _check_names(methods)
    return methods


def _parse(word: str, device: str, options: dict | None) -> Method:
    name, method = _split_name(word)
    if method in BASELINES:
        return Baseline(name or method, method)
    network = _NETWORK.fullmatch(method)
    if network:
        config, checkpoint = network['config'], network['checkpoint']
        if is_url(checkpoint) and not checkpoint.startswith(('http://', 'https://')):
            raise LaunchError(f'the checkpoint of {word} is {checkpoint}; give a file, or an http(s) URL')
        return Network(name or config_stem(config), config, checkpoint, device, options)
    folder = Path(method).expanduser()
    if folder.is_dir():
        return Folder(name or folder.resolve().name, folder)
    what = f'{method!r} in {word!r}' if name else repr(word)
    if re.search(r'\.(py|json|ya?ml)$', method):
        raise LaunchError(f'{what} is a config without a checkpoint; write {word}:CHECKPOINT')
    raise LaunchError(f'{what} is no method: it is none of the baselines {", ".join(BASELINES)}, is not of the form '
                      'CONFIG:CHECKPOINT, where CONFIG ends in .py, and there is no such folder')


def _split_name(word: str) -> tuple[str, str]:
    """Name, empty if there is none, and method. What has a slash or a colon before its first ``=`` has no name."""
    name, equals, method = word.partition('=')
    if not equals or '/' in name or ':' in name:
        return '', word
    if not name or not method:
        raise LaunchError(f'{word!r} is no method; write NAME=METHOD with both parts, or METHOD alone')
    return name, method


def _check_names(methods: Sequence[Method]) -> None:
    """Refuse names that cannot be told apart or cannot be file names."""
    seen: dict[str, str] = {}
    for name in (method.name for method in methods):
        if not _NAME.fullmatch(name):
            raise LaunchError(f'a method is called {name!r}, but its name is part of file names: it has 1 to 80 '
                              'characters, no slash, and does not begin with a dot; write NAME=... to give another')
        if name.lower() in seen:  # some file systems do not tell them apart
            raise LaunchError(f'two methods are called {seen[name.lower()]!r} and {name!r}; write NAME=... to give one '
                              'of them another name')
        seen[name.lower()] = name
