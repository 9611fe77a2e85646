"""A model, a dataset and a metric with which the tools run in seconds; a config imports it."""
import random

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, METRICS, MODELS
from torch import nn
from torch.utils.data import Dataset


@MODELS.register_module(force=True)
class ToyRegressor(BaseModel):
    """Learns to undo noise; logs the sum of its inputs beside its loss."""

    def __init__(self, norm_cfg=dict(type='BN'), data_preprocessor=None):
        super().__init__(data_preprocessor)
        norm_layer = dict(BN=nn.BatchNorm2d, SyncBN=nn.SyncBatchNorm)[norm_cfg['type']]
        self.net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), norm_layer(4), nn.ReLU(), nn.Conv2d(4, 1, 1))

    def init_weights(self):
        """Weights that no random state reaches."""
        for parameter in self.parameters():
            values = torch.linspace(-1, 1, parameter.numel()).reshape(parameter.shape)
            nn.init._no_grad_fill_(parameter, 0.1) if parameter.ndim == 1 else parameter.data.copy_(values)

    def forward(self, noisy, clean, index, mode='tensor'):
        out = self.net(noisy)
        if mode == 'loss':
            return dict(loss=(out.float() - clean).pow(2).mean(), input_sum=noisy.double().sum().detach())
        return [dict(error=float(error)) for error in (out - clean).abs().mean(dim=(1, 2, 3))]


@DATASETS.register_module(force=True)
class NoisyRamps(Dataset):
    """Ramps with noise from the global random state, as random crops and masks are."""

    metainfo = dict(name='ramps')

    def __init__(self, length=5, random_noise=True):
        self.length, self.random_noise = length, random_noise

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        clean = torch.linspace(0, 1, 64).reshape(1, 8, 8) * (1 + index)
        scale = 0.1 * np.random.rand() + 0.1 * random.random() if self.random_noise else 0.1
        noise = torch.linspace(-1, 1, 64).reshape(1, 8, 8).flip(2)
        return dict(noisy=clean + scale * noise, clean=clean, index=index)


@METRICS.register_module(force=True)
class MeanError(BaseMetric):
    """Mean of the samples' errors."""

    def process(self, data_batch, data_samples):
        self.results.extend(sample['error'] for sample in data_samples)

    def compute_metrics(self, results):
        return dict(mean_error=float(np.mean(results)), samples=len(results))
