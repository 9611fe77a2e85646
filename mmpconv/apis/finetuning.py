"""Training of the network of the package on, on a folder of one's own photos, without writing a config."""
import random
from argparse import Namespace
from pathlib import Path

from mmpconv.datasets.inpainting_dataset import can_be_listed
from mmpconv.errors import LaunchError
from mmpconv.photos.folders import photo_files
from mmpconv.whole_files import write_text

_LEAST = 4  # photos
_CONFIG = """\
# Written by `mmpconv train --photos {photos}`. It may be changed, and given to `mmpconv train` itself.
_base_ = ['mmpconv::oriented_unet/oriented-unet_finetune_1xb4_photos-256x256.py']

photos = {root!r}
train_dataloader = dict(
    batch_size={batch_size}, dataset=dict(data_root=photos, data_prefix=dict(gt=''), ann_file={train!r}))
val_dataloader = dict(dataset=dict(data_root=photos, data_prefix=dict(gt=''), ann_file={val!r}))
test_dataloader = val_dataloader

train_cfg = dict(max_iters={iterations}, val_interval={interval})
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=False, T_max={iterations})]
default_hooks = dict(checkpoint=dict(interval={interval}))
"""


def finetuning_config(photos: str | Path, work_dir: str | Path, iterations: int = 1000, batch_size: int = 4) -> Path:
    """Write the config, and the lists of photos, by which the network of the package is trained on.

    A tenth of the photos, drawn at random and at most 50, is for validation.

    Args:
        photos: Folder of photos, also in folders in it.
        work_dir: Where ``finetuned.py``, ``train.txt`` and ``val.txt`` are written, and the training will write.
        iterations: Steps of the training; validated and saved five times.
        batch_size: Windows of 256 pixels at a time.

    Returns:
        Path: The config. :func:`finetune` trains by it; so does ``mmpconv train``.

    Raises:
        LaunchError: There is no such folder, it has fewer than 4 photos, or a number is out of range.
    """
    photos, work_dir = Path(photos), Path(work_dir)
    for name, value in (('iterations', iterations), ('batch_size', batch_size)):
        if value < 1:
            raise LaunchError(f'{name} is {value} but must be at least 1')
    if not photos.is_dir():
        raise LaunchError(f'there is no folder {photos}; give the folder of your photos')
    found = [path for path in photo_files(photos) if can_be_listed(path)]
    if len(found) < _LEAST:
        raise LaunchError(f'{photos} has {len(found)} photos, but at least {_LEAST} are needed to train on: '
                          f'some hundred are better')
    held_out = set(random.Random(0).sample(found, max(1, min(50, len(found) // 10))))
    lists = {name: work_dir.absolute() / f'{name}.txt' for name in ('train', 'val')}
    for name, file in lists.items():
        write_text(file, ''.join(f'{path}\n' for path in found if (path in held_out) == (name == 'val')))
    config = work_dir / 'finetuned.py'
    write_text(config, _CONFIG.format(
        photos=photos, root=str(photos.absolute()), train=str(lists['train']), val=str(lists['val']),
        batch_size=batch_size, iterations=iterations, interval=max(1, iterations // 5)))
    return config


def finetune(photos: str | Path, work_dir: str | Path = 'work_dirs/finetuned', iterations: int = 1000,
             batch_size: int = 4, resume: bool = False) -> Path:
    """Train the network of the package on, on a folder of photos: ``mmpconv train --photos``.

    Args:
        photos, iterations, batch_size: See :func:`finetuning_config`.
        work_dir: Where config, log, checkpoints and the result are written.
        resume: Go on from the last checkpoint there, where there is one.

    Returns:
        Path: ``finetuned.safetensors``, which ``Inpainter(checkpoint=...)`` takes.

    Raises:
        LaunchError: See :func:`finetuning_config`; or another training writes to ``work_dir``.
    """
    # Importing them takes seconds, and what is wrong with the arguments is said before.
    config = finetuning_config(photos, work_dir, iterations, batch_size)
    from mmpconv.engine.launch import train

    from .publish_model import publish

    train(Namespace(config=str(config), work_dir=str(work_dir), resume='auto' if resume else None, cfg_options=None,
                    launcher='none', local_rank=0, amp=False, auto_scale_lr=False))
    target = Path(work_dir) / 'finetuned.safetensors'
    publish(str(Path(work_dir) / f'iter_{iterations}.pth'), target, f'trained on, on {photos}')
    return target
