"""LPIPS and FID of filled images."""
import io
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from mmengine.dist import all_gather_object, all_reduce, get_world_size
from torch import Tensor
from torchvision.models import get_model_weights

from mmpconv.checkpoints import CheckpointError
from mmpconv.checkpoints.loading import load_from_local, load_pretrained

from .hole_bins import GROUPS, groups_of

# Name of the lpips package: that of torchvision.
_BACKBONES = {'alex': 'alexnet', 'vgg': 'vgg16', 'squeeze': 'squeezenet1_1'}
_SMALLEST = 32  # AlexNet's pooling leaves nothing of images below 31 pixels
_FEATURES = '2048'


class LPIPS:
    """Learned perceptual distance of two images (Zhang et al. 2018, version 0.1), by the ``lpips`` package.

    Images are judged one at a time, so that a score does not depend on the others of a batch.

    Args:
        net: ``'alex'``, which papers on inpainting report, ``'vgg'`` or ``'squeeze'``.
        backbone: Path or URL of torchvision's weights of AlexNet, VGG-16 or SqueezeNet 1.1. None: torchvision's own,
            from its cache or by download. The linear layers above come with the package.

    Raises:
        ValueError: There is no such network.
        ModuleNotFoundError: The package is not installed; says how.
        CheckpointError: The weights cannot be had, or are of another network.
    """

    def __init__(self, net: str = 'alex', backbone: str | None = None):
        if net not in _BACKBONES:
            raise ValueError(f'the net of LPIPS is {net!r} but must be one of {", ".join(_BACKBONES)}')
        try:
            import lpips
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError('LPIPS is computed by the package lpips, which is not installed: '
                                      "pip install lpips, or leave 'lpips' out of the metrics") from error
        # On the meta device nothing is initialised: a weight that the files lack could not be used.
        with torch.device('meta'), warnings.catch_warnings():
            warnings.simplefilter('ignore')  # the package calls torchvision by deprecated arguments
            self._network = lpips.LPIPS(net=net, pretrained=False, pnet_rand=True, verbose=False)
        self._network.scaling_layer = lpips.ScalingLayer()
        self._network.load_state_dict(_linear_layers(Path(lpips.__file__).parent, net), strict=False, assign=True)
        self._load_backbone(net, backbone)
        self._network.requires_grad_(False)

    def _load_backbone(self, net: str, source: str | None) -> None:
        name = _BACKBONES[net]
        url = get_model_weights(name).DEFAULT.url
        source = source or f'torchvision://{name}'
        state = load_pretrained(source, f'the {name} weights of LPIPS', url, argument='backbone')
        trunk = self._network.net
        # The package cuts torchvision's `features` in slices, but keeps the numbers of its layers.
        keys = {key: f'features.{key.split(".", 1)[1]}' for key in trunk.state_dict()}
        unfit = [full for key, full in keys.items()
                 if full not in state or state[full].shape != trunk.state_dict()[key].shape]
        if unfit:
            raise CheckpointError(f'{source} is not of {name}: it lacks {unfit[0]} or has it in another shape; give '
                                  f'{url.rsplit("/", 1)[-1]} of torchvision')
        trunk.load_state_dict({key: state[full].float() for key, full in keys.items()}, assign=True)

    def to(self, device: torch.device) -> 'LPIPS':
        """Compute there."""
        self._network.to(device)
        return self

    @torch.no_grad()
    def __call__(self, pred: np.ndarray, gt: np.ndarray) -> float:
        """Distance of two images, from 0.

        Args:
            pred: `(h, w, 3)` uint8, BGR.
            gt: Likewise.

        Raises:
            ValueError: The images are smaller than 32 pixels.
        """
        if min(gt.shape[:2]) < _SMALLEST:
            raise ValueError(f'the images are {gt.shape[0]} x {gt.shape[1]} pixels, but LPIPS needs '
                             f'{_SMALLEST} x {_SMALLEST}; give larger images')
        device = self._network.scaling_layer.shift.device
        pred, gt = (_rgb(image).to(device) / 127.5 - 1 for image in (pred, gt))
        return float(self._network(pred, gt))


def _linear_layers(package: Path, net: str) -> dict[str, Tensor]:
    state = load_from_local(str(package / f'weights/v0.1/{net}.pth'), map_location='cpu')
    # The package holds each layer under two names.
    return state | {f'lins.{key[3:]}': value for key, value in state.items()}


class FeatureStatistics:
    """Mean and covariance of features that come one at a time, in memory that does not grow with their number.

    Features are rounded to multiples of 2^-16. While a million images have features of 1 on average, and those of
    Inception are about 0.4, all sums are then exact in float64: they depend neither on the order nor on which process
    has which image.

    Args:
        size: Features of an image.
        device: Of the sums.
    """
    GRID = 2.0**16

    def __init__(self, size: int, device: torch.device = 'cpu'):
        self.count = torch.zeros((), dtype=torch.float64, device=device)
        self.sum = torch.zeros(size, dtype=torch.float64, device=device)
        self.products = torch.zeros(size, size, dtype=torch.float64, device=device)

    @property
    def sums(self) -> tuple[Tensor, Tensor, Tensor]:
        """The tensors whose sums over parts of the images are those of all."""
        return self.count, self.sum, self.products

    def add(self, feature: Tensor) -> None:
        """Take in the feature `(size,)` of an image."""
        feature = (feature.double() * self.GRID).round() / self.GRID
        self.count += 1
        self.sum += feature
        self.products.addr_(feature, feature)

    def __iadd__(self, other: 'FeatureStatistics') -> 'FeatureStatistics':
        for mine, theirs in zip(self.sums, other.sums):
            mine += theirs
        return self

    def mean_and_covariance(self) -> dict[str, np.ndarray]:
        """``mu`` `(size,)` and ``sigma`` `(size, size)`, divided by count - 1; float64."""
        mean = self.sum / self.count
        covariance = (self.products - self.count * torch.outer(mean, mean)) / (self.count - 1)
        return dict(mu=mean.cpu().numpy(), sigma=covariance.cpu().numpy())


class InceptionFeatures:
    """The Inception network of FID (Heusel et al. 2017), by the ``torch-fidelity`` package.

    Args:
        weights: Path or URL of torch-fidelity's ``weights-inception-2015-12-05-6726825d.pth``. None: from torch hub's
            cache or by download.

    Raises:
        ModuleNotFoundError: The package is not installed; says how.
        CheckpointError: The weights cannot be had, or are of another network.
    """
    SIZE = int(_FEATURES)

    def __init__(self, weights: str | None = None):
        try:
            from torch_fidelity import feature_extractor_inceptionv3 as inception
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError('FID is computed by torch-fidelity, which is not installed: '
                                      "pip install torch-fidelity, or leave 'fid' out of the metrics") from error
        url = inception.URL_INCEPTION_V3
        state = load_pretrained(weights or url, 'the Inception weights of FID', url, argument='weights')
        # The package unpickles whatever a file holds, so it gets a copy of what was loaded safely.
        safe_file = io.BytesIO()
        torch.save(state, safe_file)
        safe_file.seek(0)
        try:
            with torch.random.fork_rng(devices=[]):
                self._network = inception.FeatureExtractorInceptionV3('inception', [_FEATURES], safe_file)
        except RuntimeError as error:
            raise CheckpointError(f'{weights or url} is not of the Inception network of FID; give '
                                  f'{url.rsplit("/", 1)[-1]} of torch-fidelity') from error
        self.device = torch.device('cpu')

    def to(self, device: torch.device) -> 'InceptionFeatures':
        """Compute there."""
        self._network.to(device)
        self.device = device
        return self

    @torch.no_grad()
    def __call__(self, image: np.ndarray) -> Tensor:
        """Feature `(2048,)` of an image `(h, w, 3)` uint8, BGR, of any size."""
        return self._network(_rgb(image).to(self.device))[0][0]


def frechet_distance(pred: FeatureStatistics, gt: FeatureStatistics) -> float:
    """FID of two sets of at least two images each, by ``torch-fidelity``."""
    from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_statistics_to_metric

    return fid_statistics_to_metric(pred.mean_and_covariance(), gt.mean_and_covariance(), False)[KEY_METRIC_FID]


def _rgb(image: np.ndarray) -> Tensor:
    """`(1, 3, h, w)` uint8."""
    return torch.from_numpy(np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1)))[None]


class FID:
    """Takes in images one at a time; what it keeps of them is 67 MB for each bin and contact with the border.

    Args:
        weights: See :class:`InceptionFeatures`.
    """

    def __init__(self, weights: str | None = None):
        self._inception = InceptionFeatures(weights)
        self.reset()

    def reset(self) -> None:
        """Forget all images."""
        # (bin, touches the border): statistics of the completed and of the true images.
        self._parts = defaultdict(self._empty)

    def _empty(self) -> tuple[FeatureStatistics, FeatureStatistics]:
        size, device = self._inception.SIZE, self._inception.device
        return FeatureStatistics(size, device), FeatureStatistics(size, device)

    def to(self, device: torch.device) -> 'FID':
        """Compute there."""
        self._inception.to(device)
        return self

    def add(self, pred: np.ndarray, gt: np.ndarray, hole_bin: str | None, border: bool) -> None:
        """Take in a completed and a true image, `(h, w, 3)` uint8, BGR."""
        for statistics, image in zip(self._parts[hole_bin, border], (pred, gt)):
            statistics.add(self._inception(image))

    def gather(self) -> None:
        """Add up over all processes; each has to call this, and to have been given other images."""
        if get_world_size() == 1:
            return
        everywhere = {part for parts in all_gather_object(list(self._parts)) for part in parts}
        for part in sorted(everywhere, key=str):
            for statistics in self._parts[part]:
                for tensor in statistics.sums:
                    all_reduce(tensor)

    def distances(self) -> dict[str, float]:
        """FID by group, of the groups of at least two images, for which it is defined."""
        found = {}
        for group in GROUPS:
            members = [part for part in self._parts if group in groups_of(*part)]
            pred, gt = self._empty()
            for part in members:
                pred += self._parts[part][0]
                gt += self._parts[part][1]
            if gt.count >= 2:
                found[group] = frechet_distance(pred, gt)
        return found
