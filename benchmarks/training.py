"""The training programs that are compared: MMagic's and this package's, from photo files to updated weights."""
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import mmagic.registry
import torch
from harness import ROOT
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.hooks import RuntimeInfoHook
from mmengine.logging import MessageHub
from mmengine.registry import DefaultScope
from mmengine.runner.utils import set_random_seed
from networks import MMAGIC, OURS
from torch import nn
from torchvision.models import vgg

import mmpconv.registry
from mmpconv.cli.main import parse
from mmpconv.engine.launch import apply_train
from mmpconv.engine.machine import fit_to_machine

AMP = f'{OURS} --amp'
CONFIG = 'partial_conv/pconv_stage1_8xb12_places-256x256.py'
PARTS = ('data', 'preprocessing', 'network', 'VGG', 'other losses', 'backward', 'optimizer', 'logging')


class Side:
    """One training program: its model, losses, pipeline and optimizer, as its config says.

    Args:
        name: ``MMAGIC``, ``OURS`` or ``AMP``.
        photos: Folder of photos, all of which are read in turn.
        weights: File of VGG-16 up to pool3.
        size: Side of the images in pixels: windows of 1.5 times that are cut out and resized.
        batch: Images in a batch.
        device: Where the model is.
    """

    def __init__(self, name: str, photos: str, weights: str, size: int, batch: int, device: torch.device):
        set_random_seed(0)
        self.batch, self.device = batch, device
        scope, config = _configured(name, photos, weights, size)
        registry = (mmagic if scope == 'mmagic' else mmpconv).registry
        with DefaultScope.overwrite_default_scope(scope), _vgg_of(weights):
            self.model = registry.MODELS.build(config.model).to(device).train()
            self.dataset = registry.DATASETS.build(config.train_dataloader.dataset)
            wrapper = dict(config.optim_wrapper)
            wrapper.pop('constructor')
            optimizer = dict(wrapper.pop('optimizer'))
            kind = getattr(torch.optim, optimizer.pop('type'))
            self.optim_wrapper = registry.OPTIM_WRAPPERS.build(
                dict(wrapper, optimizer=kind(self.model.generator.parameters(), **optimizer)))
        self.scope, self._read = scope, 0
        self._log, self._hub = RuntimeInfoHook(), MessageHub(f'{name}-{id(self)}')
        self._parts, self._running = defaultdict(float), []
        self._watch(self.model.data_preprocessor, 'forward', 'preprocessing')
        self._watch(self.model.generator, 'forward', 'network')
        self._watch(self.model.loss_percep, 'forward', 'VGG')
        if hasattr(self.model.loss_percep, 'out_and_composed'):
            self._watch(self.model.loss_percep, 'out_and_composed', 'VGG')
        self._watch(self.model, 'generator_loss', 'other losses')
        self._watch(self.model, 'parse_losses', 'logging')
        self._watch(self.optim_wrapper, 'backward', 'backward')
        self._watch(self.optim_wrapper, 'step', 'optimizer')
        self._watch(self.optim_wrapper, 'zero_grad', 'optimizer')

    def iteration(self) -> dict[str, float]:
        """Train with the next batch.

        Returns:
            dict[str, float]: Seconds of each of ``PARTS``, and of ``step``, which is all but the data.
        """
        self._parts.clear()
        with DefaultScope.overwrite_default_scope(self.scope):
            with self._part('data'):
                data = self.data()
            start = self._now()
            outputs = self.model.train_step(data, self.optim_wrapper)
            with self._part('logging'):
                self._log.after_train_iter(SimpleNamespace(message_hub=self._hub), 0, data, outputs)
            step = self._now() - start
        return {**{part: self._parts[part] for part in PARTS}, 'step': step}

    def data(self) -> dict:
        """The next batch, as a loader without worker processes reads it."""
        self._read += self.batch
        return pseudo_collate([self.dataset[i % len(self.dataset)] for i in range(self._read - self.batch, self._read)])

    def losses(self, data: dict) -> dict[str, float]:
        """Loss terms of a batch before the weights are updated for it. Changes the weights."""
        with DefaultScope.overwrite_default_scope(self.scope):
            outputs = self.model.train_step(data, self.optim_wrapper)
        return {name: value.item() for name, value in outputs.items() if name != 'loss'}

    def _watch(self, owner: object, method: str, part: str) -> None:
        """Count the time in a method as that part's and not as that of the part around it."""
        function: Callable = getattr(owner, method)

        def watched(*args, **kwargs):
            with self._part(part):
                return function(*args, **kwargs)

        object.__setattr__(owner, method, watched)

    @contextlib.contextmanager
    def _part(self, part: str) -> Iterator[None]:
        now = self._now()
        if self._running:
            self._parts[self._running[-1][0]] += now - self._running[-1][1]
        self._running.append([part, now])
        try:
            yield
        finally:
            now = self._now()
            name, since = self._running.pop()
            self._parts[name] += now - since
            if self._running:
                self._running[-1][1] = now

    def _now(self) -> float:
        if self.device.type == 'cuda':
            torch.cuda.synchronize(self.device)
        return time.perf_counter()


def run_alone(name: str, photos: str, weights: str, size: int, batch: int, device: torch.device) -> None:
    """Build a side and train for two iterations, for the memory that this takes."""
    side = Side(name, photos, weights, size, batch, device)
    for _ in range(2):
        side.iteration()


def _configured(name: str, photos: str, weights: str, size: int) -> tuple[str, Config]:
    """Scope and config of a side, for one process."""
    if name == MMAGIC:
        scope, path = 'mmagic', files('mmagic') / '.mim/configs' / CONFIG
        config = Config.fromfile(path)
    else:
        scope, path = 'mmpconv', ROOT / 'configs' / CONFIG
        config = Config.fromfile(path)
        apply_train(config, parse('train', [str(path), *['--amp'] * (name == AMP)]))
        fit_to_machine(config)
        # MMagic hands BGR images to VGG; so that the losses are the same.
        config.model.loss_composed_percep.update(pretrained=weights, channel_order='RGB')
    for half in ('encoder', 'decoder'):  # as MMEngine does in a run of one process
        config.model.encdec[half].norm_cfg.type = 'BN'
    dataset = config.train_dataloader.dataset
    dataset.update(data_root=photos, data_prefix=dict(gt=''), ann_file='')
    for transform in dataset.pipeline:
        if transform.type == 'LoadMask':
            scale = size / 256
            transform.mask_config.update(
                img_shape=(size, size), length_range=_scaled((20, 128), scale), brush_width=_scaled((10, 45), scale))
        elif transform.type == 'Crop':
            transform.crop_size = (size * 3 // 2,) * 2
        elif transform.type == 'Resize':
            transform.scale = (size, size)
    return scope, config


def _scaled(bounds: tuple[int, int], scale: float) -> tuple[int, int]:
    return tuple(max(1, round(bound * scale)) for bound in bounds)


@contextlib.contextmanager
def _vgg_of(weights: str) -> Iterator[None]:
    """MMagic downloads VGG whatever it is told; within, it gets the weights of the file."""
    layers = vgg_layers()
    layers.load_state_dict({key.removeprefix('features.'): value for key, value in torch.load(
        weights, weights_only=True).items()})
    with mock.patch.object(vgg, 'vgg16', lambda pretrained: SimpleNamespace(features=layers)):
        yield


def vgg_layers() -> nn.Sequential:
    """VGG-16 up to pool3, with random weights."""
    return vgg.make_layers(vgg.cfgs['D'])[:17]


def save_random_vgg(folder: Path) -> str:
    """Path of a file of random weights, scaled so that values neither vanish nor grow from layer to layer."""
    layers = vgg_layers()
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
    path = folder / 'vgg16.pth'
    weights = {f'features.{key}': value for key, value in layers.state_dict().items()}
    torch.save(weights, path)
    return str(path)
