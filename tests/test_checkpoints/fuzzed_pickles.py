"""Generated pickles over the names that a checkpoint may have, given to both loaders; a program: a crash is seen.

``python tests/test_checkpoints/fuzzed_pickles.py --count 5000`` prints as JSON what became of them, and exits with 0 if
nothing was called but what the lists name, and every refusal was an exception of Python. Half of them are checkpoints
with some of their instructions changed, so that most calls are nearly right; half are made of instructions at random.
"""
import argparse
import codecs
import collections
import contextlib
import encodings
import faulthandler
import io
import json
import pickletools
import random
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import _weights_only_unpickler as unpickler

NAMES = ['collections OrderedDict', 'collections Counter', 'torch._utils _rebuild_tensor_v2', 'torch FloatStorage',
         'torch._utils _rebuild_tensor', 'torch._utils _rebuild_parameter', 'torch LongStorage', 'torch Size',
         'torch device', 'torch float32', '_codecs encode', '__builtin__ getattr', 'builtins getattr', 'numpy dtype',
         'numpy ndarray', 'numpy.core.multiarray _reconstruct', 'numpy.core.multiarray scalar',
         'numpy._core.multiarray _reconstruct', 'numpy._core.multiarray scalar',
         'mmengine.logging.history_buffer HistoryBuffer']
TEXTS = ['weight', 'O', 'f8', 'O8', 'V16', 'M8', '<', '|', 'latin1', 'b', 'min', '__class__', '__globals__', 'storage',
         '0', 'cpu', 'A' * 16, '__init__', 'statistics_methods', '_log_history', 'max_length', '_count_history']
NUMBERS = [0, 1, 2, 3, 8, 255, -1, 2**31 - 1, -2**31]
# Of torch's unpickler itself, and of what it calls to read; what a pickle makes it call is compared with the lists.
_OWN = {'pop_mark', '_check_set_item_target', 'persistent_load', '_read_global_instruction',
        '_get_user_allowed_globals', '_get_allowed_globals', 'decode_long', '_maybe_decode_ascii', 'read', 'readline'}
# By which torch's unpickler prints, compares and hashes values that a changed pickle has put in wrong places. This
# package's looks at the pickle first, and lets none of them come so far.
_OF_VALUES = ('torch/_tensor.py', 'torch/storage.py', 'torch/serialization.py', 'numpy/core/arrayprint.py',
              'numpy/_core/arrayprint.py', 'torch/nested/_internal/nested_tensor.py')
_IMPORTED = ('encodings', 'torch', 'numpy')


def sample_checkpoint() -> dict:
    """One with all that the names are for."""
    from mmengine.logging import HistoryBuffer

    state = torch.nn.Linear(2, 2).state_dict()
    history = HistoryBuffer([1., 2.], [1, 1])
    return dict(state_dict=state, meta=dict(a=np.float64(1), b=np.arange(3), c=torch.Size((1, 2)), d=torch.float32),
                message_hub=dict(log_scalars=dict(loss=history)), parameter=torch.nn.Parameter(torch.ones(2)),
                milestones=collections.Counter({3: 1}), raw=b'abc')


def instructions(data: bytes) -> list[bytes]:
    """Those of a pickle, each with its argument."""
    places = [place for _, _, place in pickletools.genops(data)]
    return [data[start:end] for start, end in zip(places, [*places[1:], len(data)])]


def argument(random_: random.Random) -> bytes:
    """An instruction that puts something on the stack."""
    kind = random_.randrange(6)
    if kind == 0:
        return f'c{random_.choice(NAMES)}\n'.replace(' ', '\n').encode()
    if kind == 1:
        text = random_.choice(TEXTS).encode()
        return b'X' + len(text).to_bytes(4, 'little') + text
    if kind == 2:
        return b'J' + random_.choice(NUMBERS).to_bytes(4, 'little', signed=True)
    if kind == 3:
        return b'h' + bytes([random_.randrange(60)])
    return random_.choice([b'N', b'\x88', b'\x89', b')', b']', b'}', b'(', b'U\x08AAAAAAAA', b'G' + bytes(8)])


def action(random_: random.Random) -> bytes:
    """An instruction that does something with the stack."""
    return random_.choice([b'R', b'R', b'R', b'\x81', b'b', b'b', b't', b'\x85', b'\x86', b'\x87', b'a', b'e', b's',
                           b'u', b'Q', b'(', b'q' + bytes([random_.randrange(60)])])


def generate(random_: random.Random, sample: list[bytes]) -> bytes:
    """One pickle."""
    if random_.random() < 0.5:
        made = [argument(random_) if random_.random() < 0.6 else action(random_)
                for _ in range(random_.randrange(2, 40))]
        return b'\x80\x02' + b''.join(made) + b'.'
    made = list(sample)
    for _ in range(random_.choice([1, 1, 2, 3, 8])):
        place, other = random_.randrange(1, len(made) - 1), random_.randrange(1, len(made) - 1)
        change = random_.randrange(5)
        if change == 0:
            made[place] = argument(random_)
        elif change == 1:
            made[place] = action(random_)
        elif change == 2:
            made.insert(place, random_.choice([argument, action])(random_))
        elif change == 3:
            made[place], made[other] = made[other], made[place]
        else:
            names = [number for number, entry in enumerate(made) if entry[:1] == b'c']
            made[random_.choice(names)] = f'c{random_.choice(NAMES)}\n'.replace(' ', '\n').encode()
    return b''.join(made)


class Watch:
    """Sees what torch's unpickler calls, and what happens in the process meanwhile.

    Attributes:
        strange: What was neither on the lists nor the unpickler's own.
        strict: Whether methods of values are on no list.
    """

    _HARMLESS = ('open', 'tempfile.', 'object.__', 'array.', 'os.listdir', 'os.scandir', 'sys._getframe',
                 'pickle.find_class', 'builtins.id', 'os.remove', 'shutil.rmtree', 'os.rmdir', 'sys.setprofile',
                 'code.__new__')

    def __init__(self, folder: Path):
        from mmpconv.compat import safe_globals, safe_numpy

        self.strange, self.on, self.strict, self._folder = collections.Counter(), False, True, str(folder)
        self._code = unpickler.Unpickler.load.__code__
        self._allowed = {function.__code__ for function in (
            torch._utils._rebuild_tensor, torch._utils._rebuild_tensor_v2, torch._utils._rebuild_parameter,
            safe_globals.statistics_method, safe_numpy.empty_array, safe_numpy.number, safe_numpy.NumberKind.__init__,
            safe_numpy.NumberKind.__setstate__, safe_numpy.NumberArray.__new__, safe_numpy.NumberArray.__setstate__)}
        self._allowed |= {value.__code__ for value in unpickler._get_allowed_globals().values()
                          if hasattr(value, '__code__')}
        self._allowed.add(encodings.search_function.__code__)  # finds a codec by its name, for `_codecs.encode`
        sys.addaudithook(self._audit)

    def __enter__(self):
        self.on = True
        sys.setprofile(self._profile)

    def __exit__(self, *_):
        sys.setprofile(None)
        self.on = False

    def _profile(self, frame, event, value):
        if event == 'call' and frame.f_back is not None and frame.f_back.f_code is self._code:
            code = frame.f_code
            known = ('collections/__init__.py', 'history_buffer.py', 'parameter.py',
                     *(() if self.strict else _OF_VALUES))
            if code not in self._allowed and code.co_name not in _OWN and not code.co_filename.endswith(known):
                self.strange[f'{code.co_filename}:{code.co_name}'] += 1

    def _audit(self, event, arguments):
        if not self.on:
            return
        if event == 'open' and not str(arguments[0]).startswith(self._folder) and 'w' in str(arguments[1]):
            self.strange[f'open {arguments[:2]}'] += 1
        elif event == 'import':
            # Names of codecs, which torch lets a file choose, and what torch and numpy import when they are first used.
            if str(arguments[0]).partition('.')[0] not in _IMPORTED:
                self.strange[f'import {arguments[0]}'] += 1
        elif event in ('marshal.loads', 'exec', 'compile') and _is_importing():
            pass
        elif not event.startswith(self._HARMLESS):
            self.strange[event] += 1


def _is_importing() -> bool:
    frame = sys._getframe()
    while frame is not None and not frame.f_code.co_filename.startswith('<frozen importlib'):
        frame = frame.f_back
    return frame is not None


def load_all(count: int, seed: int, folder: Path) -> dict:
    """What became of each."""
    from mmpconv.checkpoints import CheckpointError
    from mmpconv.checkpoints.loading import load_from_local

    random_, path, watch = random.Random(seed), folder / 'a.pth', Watch(folder)
    torch.save(sample_checkpoint(), path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = next(entry for entry in parts if entry.endswith('data.pkl'))
    sample, found = instructions(parts[name]), collections.Counter()
    str(load_from_local(str(path), map_location='cpu'))  # what is imported once is imported now
    for text in TEXTS:
        with contextlib.suppress(LookupError):
            codecs.lookup(text)

    def persistent_load(pid):
        return torch.zeros(4).storage()

    for _ in range(count):
        data = generate(random_, sample)
        with zipfile.ZipFile(path, 'w') as archive:
            for part, content in {**parts, name: data}.items():
                archive.writestr(part, content)
        (folder.parent / f'{folder.name}.last').write_bytes(data)  # which one crashed
        watch.strict = True
        with watch:
            try:
                load_from_local(str(path), map_location='cpu')
                found["this package's: loaded"] += 1
            except CheckpointError as error:
                found["this package's: refused"] += 1
                if '\n' in str(error):
                    watch.strange[f'several lines: {error}'] += 1
            watch.strict = False
            try:
                content = unpickler.Unpickler(io.BytesIO(data), encoding='utf-8')
                content.persistent_load = persistent_load
                loaded = content.load()
                found["torch's: loaded"] += 1
            except Exception as error:
                loaded = None
                found["torch's: refused"] += 1
                found[f"torch's: {type(error).__name__}"] += 1
        with contextlib.suppress(Exception):
            str(loaded)  # an object over memory of the file's choosing would crash here
    return dict(count=count, **found, strange=dict(watch.strange))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--count', type=int, default=5000)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    faulthandler.enable()
    import mmpconv.registry  # noqa: F401  (puts the loader in force)

    with tempfile.TemporaryDirectory() as folder:
        found = load_all(args.count, args.seed, Path(folder))
        Path(f'{folder}.last').unlink()
    print(json.dumps(found, indent=1))
    return bool(found['strange'])


if __name__ == '__main__':
    sys.exit(main())
