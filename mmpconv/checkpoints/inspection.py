"""Reads the pickle of a checkpoint without building anything, and refuses what no checkpoint needs.

torch's own unpickler (``weights_only``) runs nothing that a file brings. But it knows many names that weights never
need, and takes on trust what their arguments say: a storage larger than its record reads foreign memory, an
array that views one number a trillion times fills the memory when it is copied. Here every name, every call with its
arguments, and the size of every storage is looked at first.
"""
import math
import pickle
from collections.abc import Callable, Mapping
from typing import Any

from mmpconv.compat.safe_globals import STATISTICS
from mmpconv.compat.safe_numpy import BYTE_ORDERS, NUMBERS

_BYTES = {'Double': 8, 'Float': 4, 'Half': 2, 'BFloat16': 2, 'Long': 8, 'Int': 4, 'Short': 2, 'Char': 1, 'Byte': 1,
          'Bool': 1, 'ComplexFloat': 8, 'ComplexDouble': 16}
_STORAGES = {f'torch.{kind}Storage': size for kind, size in _BYTES.items()}
_STORAGES |= {f'torch.cuda.{kind}Storage': size for kind, size in _BYTES.items()}
_DTYPES = {f'torch.{name}' for name in ('float64', 'float32', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8',
                                        'uint8', 'bool', 'complex64', 'complex128')}
_HISTORY = 'mmengine.logging.history_buffer.HistoryBuffer'
_PLAIN = (str, int, float, bytes, type(None))
EXPANDED, SPARE = 16, 64 << 20  # how much larger than the file its tensors may be: so many times, and some bytes more
_DEEPEST = 100


class RefusedError(pickle.UnpicklingError):
    """Names that the pickle asks for and a checkpoint does not need."""


class Made:
    """Stands for what a call would give.

    Attributes:
        name: Which function or class was called.
        size: Of a storage, a tensor or a kind of number: its bytes.
        item: Of a storage: the bytes of a number in it.
    """

    __slots__ = ('item', 'name', 'size')

    def __init__(self, name: str, size: int = 0, item: int = 0):
        self.name, self.size, self.item = name, size, item


class Name:
    """Stands for a function or a class that the pickle names."""

    __slots__ = ('name',)

    def __init__(self, name: str):
        self.name = name


class Inspection(pickle._Unpickler):  # the form in Python: its memo is a dict, which no file can make huge
    """Goes through one pickle.

    Args:
        file: Open at its beginning.
        room: How many bytes the tensors in it may have together.
        record: Bytes of the record of a storage, by its key; raises KeyError if there is none.

    Attributes:
        storages: Bytes of each storage, by its key.
    """

    dispatch = dict(pickle._Unpickler.dispatch)

    def __init__(self, file, room: int, record: Callable[[str], int]):
        super().__init__(file, encoding='latin1')
        self._room, self._record = room, record
        self.storages: dict[str, int] = {}

    def find_class(self, module: str, name: str) -> Name:
        """Stand-in of a name, if a checkpoint may have it."""
        full = f'{module.replace("__builtin__", "builtins")}.{name}'.replace('numpy._core.', 'numpy.core.')
        if full not in _CALLS and full not in _ONLY_NAMED and full not in _STORAGES and full not in _DTYPES:
            raise RefusedError(f'it asks for {full[:200]}')
        return Name(full)

    def persistent_load(self, pid: Any) -> Made:
        """Stand-in of a storage."""
        if not (isinstance(pid, tuple) and len(pid) in (5, 6) and pid[0] == 'storage' and isinstance(pid[1], Name)
                and pid[1].name in _STORAGES and isinstance(pid[2], str) and isinstance(pid[3], str)
                and type(pid[4]) is int and pid[4] >= 0):
            raise RefusedError('one of its storages is described in no way that torch has')
        if len(pid) == 6 and pid[5] is not None:
            raise RefusedError('it has views of storages, as torch wrote them before 0.4')
        size = pid[4] * _STORAGES[pid[1].name]
        try:
            held = self._record(pid[2])
        except KeyError:
            raise RefusedError(f'its storage {pid[2][:40]!r} is absent') from None
        if size > held:
            raise RefusedError(f'its storage {pid[2][:40]!r} is said to have {size} bytes, and there are {held}')
        self.storages[pid[2]] = max(size, self.storages.get(pid[2], 0))
        return Made('storage', size, _STORAGES[pid[1].name])

    def _call(self, function: Any, arguments: Any, new: bool = False) -> Made:
        if not isinstance(function, Name) or not isinstance(arguments, tuple) or function.name not in _CALLS:
            raise RefusedError(f'it calls {getattr(function, "name", type(function).__name__)}')
        makes = _CALLS[function.name]
        if new is not (function.name == _HISTORY):
            raise RefusedError(f'it makes {function.name} in a way that torch.save does not')
        try:
            made = makes(*arguments)
        except (TypeError, AttributeError, ValueError, OverflowError):
            made = None
        if made is None:
            raise RefusedError(f'it calls {function.name} with arguments that a checkpoint does not have')
        if function.name.startswith('torch._utils._rebuild_tensor'):
            self._room -= made.size
            if self._room < 0:
                raise RefusedError('its tensors, unfolded, are many times larger than the file')
        return made

    def _reduce(self):
        arguments = self.stack.pop()
        self.stack[-1] = self._call(self.stack[-1], arguments)

    def _new(self):
        arguments = self.stack.pop()
        self.stack[-1] = self._call(self.stack[-1], arguments, new=True)

    def _build(self):
        state, made = self.stack.pop(), self.stack[-1]
        if not isinstance(made, Made) or not _may_become(made, state):
            raise RefusedError(f'it changes {getattr(made, "name", type(made).__name__)} as torch.save does not')

    def _set_item(self):
        value, key = self.stack.pop(), self.stack.pop()
        self._set([key, value])

    def _set_items(self):
        self._set(self.pop_mark())

    def _set(self, items: list) -> None:
        target = self.stack[-1]
        ordered = isinstance(target, Made) and target.name == 'collections.OrderedDict'
        if not (type(target) is dict or ordered) or len(items) % 2:
            raise RefusedError(f'it sets items of {getattr(target, "name", type(target).__name__)}')
        for key, value in zip(items[::2], items[1::2]):
            if not isinstance(key, _PLAIN):  # also because the hash of a deep tuple overflows the stack
                raise RefusedError(f'a {type(key).__name__} is a key in it')
            if not ordered:
                target[key] = value

    def _append(self):
        value = self.stack.pop()
        self._extend([value])

    def _appends(self):
        self._extend(self.pop_mark())

    def _extend(self, values: list) -> None:
        if type(self.stack[-1]) is not list:
            raise RefusedError(f'it appends to {type(self.stack[-1]).__name__}')
        self.stack[-1].extend(values)

    def _refuse(self):
        raise RefusedError('it has an instruction that torch.save does not write')


_D = Inspection.dispatch
_D.update({pickle.REDUCE[0]: Inspection._reduce, pickle.NEWOBJ[0]: Inspection._new, pickle.BUILD[0]: Inspection._build,
           pickle.SETITEM[0]: Inspection._set_item, pickle.SETITEMS[0]: Inspection._set_items,
           pickle.APPEND[0]: Inspection._append, pickle.APPENDS[0]: Inspection._appends})
# What torch's own unpickler knows.
_KNOWN = (pickle.GLOBAL + pickle.NEWOBJ + pickle.REDUCE + pickle.BUILD + pickle.APPEND + pickle.APPENDS +
          pickle.SETITEM + pickle.SETITEMS + pickle.MARK + pickle.TUPLE + pickle.TUPLE1 + pickle.TUPLE2 +
          pickle.TUPLE3 + pickle.NONE + pickle.NEWFALSE + pickle.NEWTRUE + pickle.EMPTY_TUPLE + pickle.EMPTY_LIST +
          pickle.EMPTY_DICT + pickle.BININT + pickle.BININT1 + pickle.BININT2 +
          pickle.BINFLOAT + pickle.BINUNICODE + pickle.SHORT_BINSTRING +
          pickle.BINPERSID + pickle.BINGET + pickle.LONG_BINGET + pickle.BINPUT + pickle.LONG_BINPUT + pickle.LONG1 +
          pickle.PROTO + pickle.STOP)
_D.update({code: Inspection._refuse for code in list(_D) if code not in _KNOWN})


def require_shallow(value: Any) -> None:
    """Refuse what is nested so deeply that whoever walks through it would overflow the stack.

    Raises:
        RefusedError: It is.
    """
    level, seen = [value], set()
    for _ in range(_DEEPEST):
        deeper = []
        for entry in level:
            if isinstance(entry, (dict, list, tuple)) and id(entry) not in seen:
                seen.add(id(entry))
                deeper.extend(entry.values() if isinstance(entry, dict) else entry)
        if not deeper:
            return
        level = deeper
    raise RefusedError(f'it is nested more than {_DEEPEST} deep')


def _whole(values: Any) -> bool:
    return isinstance(values, tuple) and all(type(value) is int and value >= 0 for value in values)


def _tensor(storage, offset, size, stride, requires_grad=False, hooks=None) -> Made | None:
    fits = (isinstance(storage, Made) and storage.name == 'storage' and type(offset) is int and offset >= 0
            and _whole(size) and _whole(stride) and len(size) == len(stride) <= 64
            and isinstance(requires_grad, bool) and _is_empty(hooks))
    return Made('tensor', math.prod(size) * storage.item) if fits else None


def _is_empty(hooks) -> bool:
    return hooks is None or (isinstance(hooks, Made) and hooks.name == 'collections.OrderedDict')


def _parameter(data, requires_grad, hooks) -> Made | None:
    fits = isinstance(data, Made) and data.name == 'tensor' and isinstance(requires_grad, bool) and _is_empty(hooks)
    return Made('tensor') if fits else None


def _empty_array(kind, shape, code) -> Made | None:
    fits = isinstance(kind, Name) and kind.name == 'numpy.ndarray' and shape == (0,)
    return Made('array') if fits and (code == b'b' or _is_bytes(code)) else None


def _is_bytes(value) -> bool:
    return isinstance(value, (str, bytes)) or (isinstance(value, Made) and value.name == 'bytes')


def _number(code, align=False, copy=True) -> Made | None:
    known = isinstance(code, str) and code in NUMBERS and align in (False, 0) and copy in (True, 1)
    return Made('number', NUMBERS[code]) if known else None


def _is_number(value) -> bool:
    return isinstance(value, Made) and value.name == 'number'


def _scalar(number, content) -> Made | None:
    return Made('scalar') if _is_number(number) and _is_bytes(content) else None


def _ordered(*arguments) -> Made | None:
    if len(arguments) > 1:
        return None
    # With its items at once, as Python 2 wrote it: LPIPS's weights are such files.
    items, = arguments or ([],)
    fit = type(items) is list and all(type(item) in (list, tuple) and len(item) == 2 and isinstance(item[0], str)
                                      for item in items)
    return Made('collections.OrderedDict') if fit else None


def _counter(counts) -> Made | None:
    plain = type(counts) is dict and all(type(value) is int for value in counts.values())
    return Made('counter') if plain else None


def _statistic(owner, name) -> Made | None:
    return Made('statistic') if isinstance(owner, Name) and owner.name == _HISTORY and name in STATISTICS else None


_ONLY_NAMED = {'numpy.ndarray'}
_CALLS: Mapping[str, Callable[..., Made | None]] = {
    'collections.OrderedDict': _ordered,
    'collections.Counter': _counter,
    'torch._utils._rebuild_tensor': _tensor,
    'torch._utils._rebuild_tensor_v2': _tensor,
    'torch._utils._rebuild_parameter': _parameter,
    'torch.Size': lambda size: Made('size') if _whole(tuple(size)) else None,
    'torch.device': lambda kind, index=0: Made('device') if kind in ('cpu', 'cuda') and type(index) is int else None,
    '_codecs.encode': lambda text, code: Made('bytes') if isinstance(text, str) and code == 'latin1' else None,
    'builtins.getattr': _statistic,
    'numpy.dtype': _number,
    'numpy.core.multiarray._reconstruct': _empty_array,
    'numpy.core.multiarray.scalar': _scalar,
    _HISTORY: lambda: Made(_HISTORY),
}


def _may_become(made: Made, state: Any) -> bool:
    """True if what was made may be given this state."""
    if made.name == 'number':
        return (isinstance(state, tuple) and len(state) == 8 and state[0] == 3 and state[1] in BYTE_ORDERS
                and state[2:5] == (None, None, None) and state[5:] == (-1, -1, 0))
    if made.name == 'array':
        return (isinstance(state, tuple) and len(state) == 5 and state[0] == 1 and _whole(state[1])
                and _is_number(state[2]) and isinstance(state[3], (bool, int)) and _is_bytes(state[4]))
    if made.name == _HISTORY:
        arrays = [state.get(key) for key in ('_log_history', '_count_history')] if type(state) is dict else [None]
        return (all(isinstance(array, Made) and array.name == 'array' for array in arrays)
                and state.keys() == {'max_length', '_log_history', '_count_history', 'statistics_methods'}
                and type(state['max_length']) is int and type(state['statistics_methods']) is dict
                and all(isinstance(method, Made) and method.name == 'statistic'
                        for method in state['statistics_methods'].values()))
    if made.name == 'collections.OrderedDict':  # versions of a state dict's modules
        return type(state) is dict and state.keys() <= {'_metadata'}
    return False


