"""What tells one checkpoint from another."""
import hashlib
import os.path as osp
from urllib.parse import urlparse

import torch

from mmpconv.engine.files import is_url


def checkpoint_sha256(checkpoint: str) -> str:
    """Hash of a checkpoint's file.

    Args:
        checkpoint: Path, or a URL that has been downloaded.
    """
    path = osp.expanduser(checkpoint)
    if is_url(checkpoint):
        path = osp.join(torch.hub.get_dir(), 'checkpoints', osp.basename(urlparse(checkpoint).path))
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
