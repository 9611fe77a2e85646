"""A trained inpaintor of any MM* library."""
from collections.abc import Sequence
from contextlib import AbstractContextManager

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import DefaultScope

import mmpconv.registry  # noqa: F401  (before anything of MMagic)
from mmpconv.checkpoints.fitting import build_trained_model
from mmpconv.checkpoints.loading import read_checkpoint, sha256_of
from mmpconv.configs import read_model_config, type_name
from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.engine.resume import require_checkpoint
from mmpconv.environment import plain, versions
from mmpconv.errors import LaunchError, one_line

from .fill import Method

# What inpaintors take, where a config does not say.
DEFAULT_PIPELINE = (dict(type='mmpconv.GetMaskedImage'), dict(type='mmagic.PackInputs'))


class Network(Method):
    """The inpaintor of a config, with the weights of a checkpoint.

    It sees the photo as its config's test pipeline shows it from ``GetMaskedImage`` on, in the channel order in
    which that pipeline loads photos. What stands before (loading, cropping, masks) the benchmark does.

    Args:
        name: In tables and file names.
        config: As for ``tools/test.py``.
        checkpoint: File, or http(s) URL.
        device: ``cpu`` or ``cuda``.
        options: Changes of the config, as by ``--cfg-options``.
    """

    in_threads = False

    def __init__(self, name: str, config: str, checkpoint: str, device: str, options: dict | None = None):
        self.name, self.config, self.checkpoint = name, config, checkpoint
        self.device, self.options = device, options or {}
        self._model = None

    def check(self, benchmark: FrozenBenchmark) -> dict:
        """See :meth:`Method.check`: build it, load the checkpoint, and fill the first sample.

        Raises:
            LaunchError: One of these fails.
            CheckpointError: The checkpoint cannot be loaded, or is not safe to load.
        """
        config = read_model_config(self.config, self.options)
        self._scope = config.get('default_scope') or 'mmpconv'
        self._model_config = config.model
        self._order, self._pipeline_config = _pipeline(config)
        require_checkpoint(self.checkpoint, f'the checkpoint of {self.name}', 'give the path or the URL of a .pth file')
        self._load()
        sample = benchmark.samples[0]
        mask = benchmark.mask(sample)
        try:
            self.fill([sample], [benchmark.image(sample) * (1 - mask)], [mask])
        except LaunchError:
            raise
        except Exception as error:  # whatever a network has against this size, or against being called like this
            raise LaunchError(
                f'{self.name} cannot fill a photo of {benchmark.size[0]} x {benchmark.size[1]} pixels: '
                f'{type(error).__name__}: {one_line(error)}') from error
        finally:
            self.close()
        return dict(config=plain(dict(model=self._model_config, pipeline=self._pipeline_config, order=self._order)),
                    checkpoint_sha256=sha256_of(self.checkpoint), versions=versions(self._scope))

    def fill(self, samples: Sequence[BenchmarkSample], images: Sequence[np.ndarray],
             masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """See :meth:`Method.fill`. The first call loads the network.

        Raises:
            LaunchError: It does not give pictures of the size of the photos.
        """
        if self._model is None:
            self._load()
        with self._in_scope():
            batch = [self._pipeline(self._input(*entry)) for entry in zip(samples, images, masks)]
            results = self._model.test_step(pseudo_collate(batch))
        return [self._picture(result, image.shape) for result, image in zip(results, images)]

    def describe(self) -> str:
        """See :meth:`Method.describe`."""
        return f'{self.name}: `{self.config}`, `{self.checkpoint}`'

    def close(self) -> None:
        """See :meth:`Method.close`."""
        self._model = None
        if self.device == 'cuda':
            torch.cuda.empty_cache()

    def _load(self) -> None:
        with self._in_scope():
            try:
                self._pipeline = Compose(self._pipeline_config)
            except Exception as error:
                raise LaunchError(f'the test pipeline of {self.config} cannot be built: {type(error).__name__}: '
                                  f'{one_line(error)}') from error
        model = build_trained_model(self._model_config, read_checkpoint(self.checkpoint), self.checkpoint, self._scope,
                                    f'the model of {self.config}')
        self._model = model.to(self.device).eval()

    def _in_scope(self) -> AbstractContextManager:
        return DefaultScope.overwrite_default_scope(self._scope)

    def _input(self, sample: BenchmarkSample, image: np.ndarray, mask: np.ndarray) -> dict:
        """What the pipeline gets. The truth is not in it."""
        gt = np.ascontiguousarray(image[..., ::-1]) if self._order == 'rgb' else image
        return dict(gt=gt, mask=mask, gt_path=sample.image, mask_path=sample.mask, ori_gt_shape=image.shape,
                    gt_channel_order=self._order, gt_color_type='color', sample_idx=sample.id)

    def _picture(self, result, shape: tuple[int, ...]) -> np.ndarray:
        picture = getattr(getattr(result, 'output', None), 'pred_img', None)
        if picture is None:
            raise LaunchError(f'{self.name} gives no output.pred_img, as inpaintors of MMagic do; its config is '
                              f'{self.config}')
        picture = picture.detach().float().clamp(0, 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
        if picture.shape != shape:
            raise LaunchError(f'{self.name} gives pictures of {picture.shape} for photos of {shape}; '
                              f'its config is {self.config}')
        return np.ascontiguousarray(picture)


def device_for(name: str) -> str:
    """``cpu`` or ``cuda`` for ``--device``, which may be ``auto``.

    Raises:
        LaunchError: There is no GPU.
    """
    if name == 'cuda' and not torch.cuda.is_available():
        raise LaunchError('--device is cuda, but torch finds no GPU here; leave it out, or give --device cpu')
    return 'cuda' if name != 'cpu' and torch.cuda.is_available() else 'cpu'


def _pipeline(config: Config) -> tuple[str, list[dict]]:
    """Channel order, and the transforms that show a photo with a hole to the network."""
    node = config.get('test_dataloader') or {}
    node = (node[0] if isinstance(node, list) else node).get('dataset') or {}
    while 'pipeline' not in node and isinstance(node.get('dataset'), dict):  # a wrapper such as RepeatDataset
        node = node['dataset']
    transforms = list(node.get('pipeline') or ())
    loaders = [transform for transform in transforms
               if type_name(transform) == 'LoadImageFromFile' and transform.get('key', 'img') == 'gt']
    order = loaders[0].get('channel_order', 'bgr') if loaders else 'bgr'
    masked = [place for place, transform in enumerate(transforms) if type_name(transform) == 'GetMaskedImage']
    return order, transforms[masked[0]:] if masked else list(DEFAULT_PIPELINE)
