"""Files that pretend to be checkpoints, each loaded in turn; a program, so that a crash is seen.

``python tests/test_checkpoints/hostile_checkpoints.py`` prints as JSON what became of them, and exits with 0 if
all were refused in one sentence, nothing was run, and memory stayed bounded. ``--list`` prints the kinds.
"""
import argparse
import gzip
import io
import json
import os
import pickle
import pickletools
import random
import resource
import struct
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import torch

MOST_MEMORY = 1 << 30  # more than it had at the beginning
_MAGIC = pickle.dumps(0x1950a86a20f9469cfc6c, 2)


class Call:
    """Pickles as the call of a function by its name."""

    def __init__(self, name: str, *arguments):
        self.name, self.arguments = name, arguments


class _Pickler(pickle._Pickler):
    """Writes :class:`Call`."""

    def save(self, value, save_persistent_id=True):
        if isinstance(value, Call):
            module, _, name = value.name.rpartition('.')
            self.write(b'c' + module.encode() + b'\n' + name.encode() + b'\n')
            self.save(tuple(value.arguments))
            self.write(b'R')
        else:
            super().save(value, save_persistent_id)


def pickled(value) -> bytes:
    """With calls, by protocol 2."""
    file = io.BytesIO()
    _Pickler(file, 2).dump(value)
    return file.getvalue()


def archive(data: bytes, records: dict[str, bytes] | None = None, more: dict[str, bytes] | None = None,
            compression: int = zipfile.ZIP_STORED) -> bytes:
    """A checkpoint file around a pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', compression) as made:
        for name, content in {'data.pkl': data, 'byteorder': b'little', 'version': b'3\n', **(more or {}),
                              **{f'data/{key}': value for key, value in (records or {}).items()}}.items():
            made.writestr(f'a/{name}', content)
    return file.getvalue()


def legacy(data: bytes, keys=(), storages: bytes = b'') -> bytes:
    """As torch wrote them before 1.6."""
    return _MAGIC + pickle.dumps(1001, 2) + pickle.dumps(dict(little_endian=True), 2) + data + pickle.dumps(
        list(keys), 2) + storages


def storage(numel, kind: str = 'FloatStorage', key='0', legacy_form: bool = False) -> bytes:
    """The instructions that put a storage on the stack."""
    identity = b'(' + pickled('storage')[2:-1] + f'ctorch\n{kind}\n'.encode() + b''.join(
        pickled(part)[2:-1] for part in (key, 'cpu', numel))
    return identity + (b'N' if legacy_form else b'') + b'tQ'


def tensor(numel, offset=0, size=(2,), stride=(1,), **keywords) -> bytes:
    """A pickle of a state dict with one tensor."""
    arguments = b''.join(pickled(part)[2:-1] for part in (offset, size, stride, False, None))
    return (b'\x80\x02}(X\x06\x00\x00\x00weightctorch._utils\n_rebuild_tensor_v2\n(' + storage(numel, **keywords)
            + arguments + b'tRu.')


def _called(harm: str) -> dict[str, Call]:
    """Functions that no checkpoint needs."""
    deep = ()
    for _ in range(40):
        deep = (deep,)
    array = Call('numpy.core.multiarray._reconstruct', 'ndarray', (0,), b'b')
    calls = {name: Call(name, *arguments) for name, arguments in {
        'os.mkdir': (harm,), 'posix.mkdir': (harm,), 'os.system': (f'touch {harm}',), 'builtins.eval': ('1',),
        'builtins.exec': ('pass',), '__builtin__.eval': ('1',), 'builtins.open': (harm, 'w'), 'builtins.print': ('x',),
        'builtins.__import__': ('os',), 'builtins.compile': ('1', 'a', 'eval'), 'builtins.getattr': ('', 'join'),
        'builtins.globals': (), 'builtins.bytearray': (10**12,), 'builtins.range': (10**9,), 'builtins.set': ([deep],),
        'builtins.type': ('a', (), {}), 'subprocess.Popen': (['touch', harm],), 'subprocess.call': (['touch', harm],),
        'shutil.rmtree': (harm,), 'pathlib.Path': (harm,), 'importlib.import_module': ('antigravity',),
        'pickle.loads': (b'N.',), 'marshal.loads': (b'N',), 'types.FunctionType': (), 'ctypes.string_at': (0,),
        'operator.attrgetter': ('a',), 'operator.methodcaller': ('a',), 'functools.partial': (),
        'runpy.run_path': (harm,), 'collections.defaultdict': (), 'collections.namedtuple': ('a', 'b'),
        'copyreg._reconstructor': (1, 2, 0),
        'copy.deepcopy': (1,), 'socket.socket': (), 'urllib.request.urlopen': ('http://127.0.0.1:9',),
        'webbrowser.open': ('x',), 'code.interact': (), 'tempfile.mktemp': (), 'weakref.ref': (),
        '_codecs.encode': ('x', 'idna'), '_codecs.decode': (b'x', 'zlib'), 'codecs.open': (harm, 'w'),
        'collections.Counter': ([deep],), 'collections.OrderedDict': ([(deep, 1)],), 'torch.load': (harm,),
        'torch.hub.load': (harm,), 'torch.jit.load': (harm,), 'torch.storage._load_from_bytes': (b'x',),
        'torch.Tensor': (10**11,), 'torch.FloatTensor': (10**11,), 'torch.storage.UntypedStorage': (10**12,),
        'torch.zeros': (10**10,), 'torch.empty': (10**10,), 'torch.sparse.FloatTensor': (), 'torch.Size': ((-1,),),
        'torch._utils._rebuild_nested_tensor': (1, 2, 3, 4), 'torch._utils._rebuild_sparse_tensor': (1, 2),
        'torch._utils._rebuild_qtensor': (1, 2, 3, 4, 5, 6, 7), 'torch._utils._rebuild_wrapper_subclass': (1,) * 8,
        'torch._utils._rebuild_meta_tensor_no_storage': (1, (2,), (1,), False), 'torch.device': ('meta',),
        'torch._utils._rebuild_device_tensor_from_numpy': (1, 2, 3, 4), 'torch._utils._rebuild_tensor_v2': (1,) * 6,
        'torch._utils._rebuild_parameter': (1, 2, 3), 'torch._tensor._rebuild_from_type_v2': (1, 2, 3, 4),
        'torch._utils._rebuild_parameter_with_state': (1, 2, 3, 4), 'torch._dynamo.optimize': (),
        'numpy.ndarray': ((2,), 'O', b'A' * 16), 'numpy.dtype': ('O',), 'numpy.load': (harm,),
        'numpy.fromfile': (harm,),
        'numpy.memmap': (harm,), 'numpy.core.multiarray.scalar': (Call('numpy.dtype', 'O8'), b'A' * 8),
        'numpy.core.multiarray._reconstruct': (1, (10**12,), b'b'), 'numpy.core.multiarray.fromstring': ('x',),
        'mmengine.Config.fromstring': ('import os', '.py'), 'mmengine.config.Config.fromfile': (harm,),
        'mmengine.logging.history_buffer.HistoryBuffer': ([1], [1]), 'mmpconv.checkpoints.padding_keys.main': (),
        'no_such_module.thing': (), 'os.no_such_thing': (),
    }.items()}
    calls['an array of objects, by numpy'] = pickled(np.array([None, 1], object))
    calls['a type with parts'] = pickled(np.dtype([('a', 'O')]))
    calls['a type told to be another'] = (b'\x80\x02cnumpy\ndtype\n(X\x02\x00\x00\x00V8I00\nI01\ntR('
                                          b'K\x03X\x01\x00\x00\x00|cnumpy\ndtype\n(X\x01\x00\x00\x00OtRK\x01\x86NNK\x08K\x01K\x10tb.')
    calls['a call of what a call gave'] = pickled(Call('_codecs.encode', 'x', 'latin1'))[:-1] + b')R.'
    calls['a call of a text'] = b'\x80\x02X\x01\x00\x00\x00a)R.'
    calls['a class that is changed'] = (b'\x80\x02cmmengine.logging.history_buffer\nHistoryBuffer\nN}'
                                        b'X\x04\x00\x00\x00meanX\x01\x00\x00\x00as\x86b.')
    calls['a function that is changed'] = b'\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00aK\x01sb.'
    calls['a history with other parts'] = (b'\x80\x02cmmengine.logging.history_buffer\nHistoryBuffer\n)\x81}'
                                           b'X\x0a\x00\x00\x00statisticsK\x01sb.')
    calls['an array filled with little'] = pickled(array)[:-1] + b'(K\x01)K\x01K\x00NtNb.'
    calls['a name by the stack'] = b'\x80\x04\x8c\x02os\x8c\x05mkdir\x93' + pickled((harm,))[2:-1] + b'R.'
    calls['an instance'] = b'\x80\x02(X\x01\x00\x00\x00aios\nmkdir\n.'
    calls['an extension'] = b'\x80\x02\x82\x01.'
    return calls


def _contents() -> dict[str, bytes]:
    """Pickles that call nothing that is forbidden."""
    return {
        'a storage larger than its record': tensor(10**6, size=(10**6,)),
        'a storage far larger than memory': tensor(10**15, size=(10**15,)),
        'a storage of less than nothing': tensor(-1), 'a storage of half a number': tensor(0.5),
        'a storage that is absent': tensor(2, key='7'), 'a storage with a number as its key': tensor(2, key=7),
        'a storage of no kind': tensor(2, kind='NoStorage'), 'a view outside': tensor(2, offset=10**9),
        'a view before': tensor(2, offset=-1), 'a view of many': tensor(2, size=(10**12,), stride=(0,)),
        'a view of many, in all directions': tensor(2, size=(10**5,) * 3, stride=(0,) * 3),
        'a view of a negative size': tensor(2, size=(-1,)), 'a view backwards': tensor(2, stride=(-1,)),
        'more strides than sizes': tensor(2, stride=(1, 1)), 'sizes of text': tensor(2, size=('a',)),
        'many dimensions': tensor(2, size=(1,) * 100000, stride=(1,) * 100000),
        'lists in lists': b'\x80\x02' + b']' * 100000 + b'a' * 99999 + b'.',
        'tuples in tuples': b'\x80\x02)' + b'\x85' * 1000000 + b'.',
        'a deep tuple as a key': b'\x80\x02})' + b'\x85' * 1000000 + b'Ns.',
        'a deep tuple as a name': b'\x80\x02cnumpy\ndtype\n)' + b'\x85' * 1000000 + b'\x85R.',
        'a memo of billions': b'\x80\x02Nr\xff\xff\xff\x7f.', 'a memo that is not there': b'\x80\x02h\x07.',
        'a text of gigabytes': b'\x80\x02X\xff\xff\xff\xffabc.',
        'a number of gigabytes': b'\x80\x02\x8b\xff\xff\xff\x7f\x01.',
        'no end': b'\x80\x02}', 'an end only': b'.', 'nothing on the stack': b'\x80\x020.', 'no mark': b'\x80\x02t.',
        'marks only': b'\x80\x02' + b'(' * 100000 + b'.', 'an unknown instruction': b'\x80\x02\xff.', 'empty': b'',
        'a later protocol': pickle.dumps(dict(a=1), 4), 'a list': pickle.dumps([1], 2),
        'nothing': pickle.dumps(None, 2), 'a number': pickle.dumps(7, 2), 'a text': pickle.dumps('weights', 2),
        'a set': pickle.dumps({1}, 2),
        'text as protocol 0': pickle.dumps([1, 'a'], 0),
    }


def _bombs() -> dict[str, bytes]:
    zeros = bytes(200 << 20)
    good = tensor(2)
    overlapping = bytearray(archive(good, {'0': bytes(8)}, {'pad': bytes(30 << 20)}))
    directory = overlapping.rfind(b'PK\x05\x06')
    return {
        'zeros, packed, as a storage': archive(good, {'0': zeros}, compression=zipfile.ZIP_DEFLATED),
        'zeros, packed, as the pickle': archive(zeros, compression=zipfile.ZIP_DEFLATED),
        'zeros, packed, as the order of bytes': archive(good, {'0': bytes(8)}, {'byteorder': zeros},
                                                        compression=zipfile.ZIP_DEFLATED),
        'zeros, packed better': archive(good, {'0': zeros}, compression=zipfile.ZIP_LZMA),
        'an archive without a directory': bytes(overlapping[:directory]),
        'a directory that says too much': bytes(overlapping[:directory + 10]) + struct.pack('<H', 60000) + bytes(
            overlapping[directory + 12:]),
        'two pickles': _zip({'a/data.pkl': good, 'a/data/0': bytes(8), 'b/data.pkl': good, 'b/data/0': bytes(8)}),
        'other things in an archive': _zip({'readme.txt': b'hello'}), 'an empty archive': _zip({}),
        'a program': archive(good, {'0': bytes(8)}, {'constants.pkl': b'N.', 'code/__torch__.py': b'def f(): pass'}),
        'code': archive(good, {'0': bytes(8)}, {'code/__torch__.py': b'import os'}),
        'an unknown order of bytes': archive(good, {'0': bytes(8)}, {'byteorder': b'middle'}),
        'a packed file': gzip.compress(archive(good, {'0': bytes(8)})), 'a tar': _tar(),
        'an old one without its numbers': legacy(tensor(2, legacy_form=True), ['0']),
        'an old one that forgets a storage': legacy(tensor(2, legacy_form=True), []),
        'an old one of great size': legacy(tensor(10**12, size=(10**12,), legacy_form=True), ['0'], bytes(64)),
        'an old one that lies': legacy(tensor(2, legacy_form=True), ['0'], struct.pack('<q', 10**12) + bytes(64)),
        'an old one of another number': pickle.dumps(12, 2) + legacy(b'N.')[len(_MAGIC):],
        'a web page': b'<!DOCTYPE html><html>404</html>', 'a text': b'weights: none\n' * 99, 'nothing': b'',
        'one byte': b'P', 'a picture': b'\x89PNG\r\n\x1a\n' + bytes(99), 'zeros': bytes(1 << 20),
        'noise': random.Random(0).randbytes(1 << 16), 'ones': b'\xff' * 4096, 'a pointer of git': b'version https://git-lfs'
        b'.github.com/spec/v1\noid sha256:0\nsize 1\n', 'a bare pickle': pickle.dumps(dict(a=1)),
    }


def _zip(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as made:
        for name, content in files.items():
            made.writestr(name, content)
    return file.getvalue()


def _tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode='w') as made:
        for name in ('sys_info', 'pickle', 'storages', 'tensors'):
            made.addfile(tarfile.TarInfo(name), io.BytesIO())
    return file.getvalue()


def _cut_short() -> dict[str, bytes]:
    found = {}
    state = torch.nn.Linear(40, 40).state_dict()
    for form, new in (('new', True), ('old', False)):
        file = io.BytesIO()
        torch.save(dict(state_dict=state), file, _use_new_zipfile_serialization=new)
        whole = file.getvalue()
        found.update({f'{form}, cut at {part}/8': whole[:len(whole) * part // 8] for part in range(1, 8)})
        found[f'{form}, one byte short'] = whole[:-1]
    return found


def hostile_files(harm: str) -> dict[str, bytes]:
    """All of them, by what they are. ``harm`` is a path that must not come to be."""
    files = {}
    for name, value in _called(harm).items():
        data = value if isinstance(value, bytes) else pickled(dict(state_dict={}, extra=value))
        files[f'call, new: {name}'], files[f'call, old: {name}'] = archive(data), legacy(data)
    for name, data in _contents().items():
        files[f'content: {name}'] = archive(data, {'0': bytes(8)})
    files.update({f'file: {name}': content for name, content in _bombs().items()})
    files.update({f'file: {name}': content for name, content in _cut_short().items()})
    return files


def load_all(folder: Path) -> dict[str, str]:
    """What became of each: ``refused``, or what went wrong."""
    from mmpconv.checkpoints import CheckpointError
    from mmpconv.checkpoints.loading import load_from_local

    found, path, harm = {}, folder / 'a.pth', folder / 'harm'
    files = hostile_files(str(harm))
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, content in files.items():
        path.write_bytes(content)
        print(name, file=sys.stderr, flush=True)  # the last line says which one crashed
        try:
            load_from_local(str(path), map_location='cpu')
            found[name] = 'loaded'
        except CheckpointError as error:
            text = str(error)
            found[name] = 'refused' if '\n' not in text and len(text) < 900 and 'a.pth' in text else f'text: {text!r}'
        except BaseException as error:
            found[name] = f'{type(error).__name__}: {error!s:.200}'
        if harm.exists():
            found[name] = 'did harm'
            harm.unlink(missing_ok=True) if harm.is_file() else os.rmdir(harm)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) << 10
        if grown > MOST_MEMORY:
            found[name] = f'took {grown >> 20} MB'
            start += grown >> 10
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--list', action='store_true', help='print the kinds, and exit')
    parser.add_argument('--show', metavar='KIND', help='print the instructions of the pickle of one, and exit')
    args = parser.parse_args()
    if args.list:
        print('\n'.join(hostile_files('harm')))
        return 0
    if args.show:
        pickletools.dis(zipfile.ZipFile(io.BytesIO(hostile_files('harm')[args.show])).read('a/data.pkl'))
        return 0
    import mmpconv.registry  # noqa: F401  (puts the loader in force)

    with tempfile.TemporaryDirectory() as folder:
        found = load_all(Path(folder))
    failed = {name: what for name, what in found.items() if what != 'refused'}
    print(json.dumps(dict(kinds=len(found), refused=len(found) - len(failed), failed=failed), indent=1))
    return bool(failed)


if __name__ == '__main__':
    sys.exit(main())
