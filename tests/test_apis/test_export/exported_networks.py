"""Small networks with random weights, as a user has them: a config and a checkpoint."""
from pathlib import Path

import torch
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import MODELS

import mmpconv.registry  # noqa: F401
from mmpconv.configs import read_model_config

CONFIGS = Path(__file__).resolve().parents[3] / 'configs'
ENCDEC = 'model = dict(encdec=dict(encoder=dict({0}), decoder=dict({0})))'
# Name: base config, what makes it small: tracing takes seconds for each layer.
NETWORKS = {
    'pconv': ('partial_conv/pconv_stage1_8xb12_places-256x256.py', ENCDEC.format('width=4, num_layers=4')),
    'unet': ('unet/unet_schedule_1xb4_places-256x256.py', 'model = dict(encdec=dict(width=4, num_layers=3))'),
    'plain': ('unet/plain-conv_small_1xb8_photos-128x128.py', ENCDEC.format('width=4, num_layers=2')),
    'imagenet': ('partial_conv/pconv_finetune-imagenet-norm_1xb16_places-256x256.py',
                 ENCDEC.format('width=4, num_layers=2')),
    'oriented': ('oriented_unet/oriented-unet_1xb8_photos-128x128.py',
                 'model = dict(encdec=dict(widths=(4, 6), blocks=(0, 1)))'),
}
SIZES = {'pconv': '256', 'unet': '256', 'plain': '128'}
# Odd, even, tiny and lengthy; not the sizes that the export tries itself.
SHAPES = ((1, 64, 64), (2, 31, 65), (3, 50, 37), (1, 128, 4), (1, 1, 9), (2, 5, 1), (4, 2, 2))


def make_network(name: str, folder: Path) -> tuple[str, str]:
    """Write config and checkpoint of one of ``NETWORKS`` into a folder."""
    base, changes = NETWORKS[name]
    config, checkpoint = folder / f'{name}.py', folder / f'{name}.pth'
    config.write_text(f'_base_ = {str(CONFIGS / base)!r}\n{changes}\n')
    settings = {**read_model_config(str(config)).model, 'loss_composed_percep': None, 'loss_out_percep': False}
    torch.manual_seed(0)
    model = revert_sync_batchnorm(MODELS.build(settings))
    model.generator.train()
    for _ in range(5):  # the statistics of BatchNorm become those of its inputs
        model.generator(torch.rand(4, 3, 64, 64) * 2 - 1, (torch.rand(4, 1, 64, 64) > 0.3).float())
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    return str(config), str(checkpoint)


def random_photos(shape: tuple[int, int, int], seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Images ``(n, 3, h, w)`` in [0, 1], and holes ``(n, 1, h, w)`` over a box and over scattered pixels."""
    n, h, w = shape
    generator = torch.Generator().manual_seed(seed)
    hole = (torch.rand(n, 1, h, w, generator=generator) < 0.3).float()
    hole[:, :, h // 4:h // 2 + 1, w // 3:w // 2 + 1] = 1
    return torch.rand(n, 3, h, w, generator=generator), hole
