"""What can be wrong with a checkpoint."""
import pickle

from mmpconv.errors import LaunchError


class CheckpointError(LaunchError):
    """A checkpoint cannot be used. The message says why, and what to do."""


class MissingCheckpointError(CheckpointError, FileNotFoundError):
    """There is no such file."""


class UnsafeCheckpointError(CheckpointError, pickle.UnpicklingError):
    """The file holds something other than tensors and plain containers."""


class DownloadError(CheckpointError, OSError):
    """A checkpoint's URL could not be fetched."""
