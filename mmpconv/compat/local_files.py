"""MMEngine's local files are there completely or not at all.

The defect: MMEngine 0.10 writes checkpoints, and whatever else it puts into a local file, under the final name, so that
a kill, a full disk or a power cut in the middle leaves half a file in place of the one before.

What is done: the storage backend of local files, by which all of MMEngine writes, gets each file whole; of checkpoints
it waits until they are on the disk.

Delete when: the minimum MMEngine's ``LocalBackend.put`` writes to another name first.
"""
from pathlib import Path
from typing import Union

from mmengine.fileio import FileClient, LocalBackend, register_backend

from mmpconv.whole_files import write_bytes

_CHECKPOINTS = ('.pth', '.pt', '.ckpt')


@register_backend('local', force=True, prefixes='')
class WholeLocalBackend(LocalBackend):
    """As MMEngine's; files appear when they are complete."""

    @property
    def name(self) -> str:
        """MMEngine's scripts look for it."""
        return 'LocalBackend'

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Write bytes to a file, whose folder is made. A file that is there stays until the new one is complete.

        Raises:
            OSError: The disk is full or read-only; its ``filename`` says which.
        """
        path = Path(filepath)
        write_bytes(path, obj, durable=path.suffix in _CHECKPOINTS)

    def put_text(self, obj: str, filepath: Union[str, Path], encoding: str = 'utf-8') -> None:
        """As :meth:`put`."""
        self.put(obj.encode(encoding), filepath)


FileClient.register_backend('disk', WholeLocalBackend, force=True)  # what `file_client_args`, the older way, asks for
