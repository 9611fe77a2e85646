"""A pickle module for ``torch.load`` that knows the classes of a checkpoint and no others.

The defect: ``torch.load(weights_only=True)`` of torch < 2.6 cannot be told that
MMEngine's log history is safe, and MMEngine's checkpoints have it.

What is done: ``find_class``, the one door through which a pickle reaches code, opens
for the names below only.

Delete when: the minimum torch is 2.6.
"""
import pickle

from .safe_globals import statistics_method

__all__ = ['Unpickler', 'load', 'UnpicklingError']

UnpicklingError = pickle.UnpicklingError

_ALLOWED = {
    'collections': {'OrderedDict'},
    '_codecs': {'encode'},  # the bytes of numpy's scalars
    'torch': {'Size', 'device', 'Tensor',
              'float64', 'float32', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool',
              'DoubleStorage', 'FloatStorage', 'HalfStorage', 'BFloat16Storage', 'LongStorage', 'IntStorage',
              'ShortStorage', 'CharStorage', 'ByteStorage', 'BoolStorage'},
    'torch.storage': {'UntypedStorage', 'TypedStorage'},
    'torch._utils': {'_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_parameter'},
    'mmengine.logging.history_buffer': {'HistoryBuffer'},
    'numpy': {'ndarray', 'dtype'},
    'numpy.core.multiarray': {'_reconstruct', 'scalar'},
    'numpy._core.multiarray': {'_reconstruct', 'scalar'},
}


class Unpickler(pickle.Unpickler):
    """Builds tensors, plain containers and MMEngine's log history."""

    def find_class(self, module: str, name: str):
        """The class of this name, if a checkpoint may ask for it.

        Raises:
            pickle.UnpicklingError: It may not.
        """
        if module in ('builtins', '__builtin__') and name == 'getattr':
            return statistics_method
        if name not in _ALLOWED.get(module, ()):
            raise pickle.UnpicklingError(f'it asks for {module}.{name}')
        if module == 'numpy._core.multiarray':
            module = 'numpy.core.multiarray'  # numpy 2 wrote it, numpy 1 reads it
        return super().find_class(module, name)


def load(file, **kwargs):
    """As :func:`pickle.load`, restricted."""
    return Unpickler(file, **kwargs).load()
