"""The PConv inpaintor: network, losses and training step (arXiv 1804.07723)."""
import torch
from mmagic.models.base_models import OneStageInpaintor
from mmagic.structures import DataSample
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from mmpconv.ops.holes import hide_holes
from mmpconv.registry import MODELS


@MODELS.register_module()
class PConvInpaintor(OneStageInpaintor):
    """Inpaintor of partial convolutions, under MMagic's name, arguments and state-dict keys.

    MMagic's training step ignores automatic mixed precision and gradient accumulation, and copies four
    image batches to the host at every iteration; this one is MMEngine's. Its perceptual loss runs VGG
    four times; here it runs once, if the loss has a method ``out_and_composed(out, comp, gt)``.

    Convention:
        This is the one place that turns image-level masks (data samples: 1 = hole) into layer-level
        ones (1 = valid). Images are in [-1, 1].

    Args:
        channels_last: Keep weights and features of the network with the channels innermost, the layout of a GPU's
            tensor cores. On a CPU it is up to a tenth faster in float32 and no faster in bfloat16. Results differ by
            rounding; checkpoints are the same.
        loss_psnr: Config of a loss between output and ground truth in the hole, such as
            ``dict(type='MaskedPSNRLoss')``; its term is ``loss_psnr``. None: without.
        Others: See MMagic's ``OneStageInpaintor``, without a discriminator.

    Raises:
        ValueError: A discriminator is configured.
    """

    def __init__(self, data_preprocessor: dict, encdec: dict, disc: dict | None = None,
                 channels_last: bool = False, loss_psnr: dict | None = None, **kwargs):
        if disc is not None:
            raise ValueError('disc is configured, but PConvInpaintor trains without a discriminator; '
                             'set disc=None')
        # MMagic's constructor would find MMagic's own network and losses outside this scope.
        with DefaultScope.overwrite_default_scope('mmpconv'):
            super().__init__(data_preprocessor, encdec, **kwargs)
            self.loss_psnr = loss_psnr and MODELS.build(loss_psnr)
        self._memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.generator.to(memory_format=self._memory_format)

    train_step = BaseModel.train_step

    def forward(self, inputs: Tensor, data_samples: DataSample, mode: str = 'tensor'):
        """As MMagic's, with mode ``'loss'``, which is how MMEngine trains.

        Args:
            inputs: Images ``(N, 3, H, W)`` in [-1, 1]; what they hold in the holes has no effect.
            data_samples: Stacked sample with ``mask`` ``(N, 1, H, W)``, 1 = hole, and for the losses
                ``gt_img`` ``(N, 3, H, W)`` in [-1, 1].
            mode: ``'tensor'``, ``'predict'`` or ``'loss'``.

        Returns:
            ``tensor``: direct output and composite; ``predict``: list of samples with ``output``;
            ``loss``: dict of the weighted loss terms.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        return super().forward(inputs, data_samples, mode)

    def forward_tensor(self, inputs: Tensor, data_samples: DataSample) -> tuple[Tensor, Tensor]:
        """Fill the holes.

        Returns:
            tuple[Tensor, Tensor]: Direct output of the network, and the composite: the output in the
            holes, the input elsewhere; both ``(N, 3, H, W)``.
        """
        hole = data_samples.mask.float()
        output = self._fill(inputs, hole)
        return output, hide_holes(inputs, 1 - hole) + output * hole

    def loss(self, inputs: Tensor, data_samples: DataSample) -> dict[str, Tensor]:
        """Weighted loss terms of a batch, under MMagic's names."""
        hole, gt = data_samples.mask.float(), data_samples.gt_img
        output = self._fill(inputs, hole)
        return self.generator_loss(output, gt * (1 - hole) + output * hole, gt, hole, inputs)[1]

    def _fill(self, inputs: Tensor, hole: Tensor) -> Tensor:
        inputs = inputs.contiguous(memory_format=self._memory_format)
        return self.generator(inputs, (1 - hole).expand(-1, inputs.shape[1], -1, -1))[0]

    def generator_loss(self, fake_res: Tensor, fake_img: Tensor, gt: Tensor, mask: Tensor,
                       masked_img: Tensor) -> tuple[dict, dict]:
        """Loss terms of the network's output, as MMagic's but without results for the host.

        Args:
            fake_res: Direct output. fake_img: Composite. gt: Ground truth. masked_img: Input; all
                ``(N, 3, H, W)`` in [-1, 1].
            mask: ``(N, 1, H, W)``, 1 = hole.

        Returns:
            tuple[dict, dict]: An empty dict, and the weighted terms.
        """
        losses = {}
        if self.with_l1_hole_loss:
            losses['loss_l1_hole'] = self.loss_l1_hole(fake_res, gt, weight=mask)
        if self.loss_psnr:
            losses['loss_psnr'] = self.loss_psnr(fake_res, gt, weight=mask)
        if self.with_l1_valid_loss:
            losses['loss_l1_valid'] = self.loss_l1_valid(fake_res, gt, weight=1 - mask)
        if self.with_composed_percep_loss:
            losses.update(self._perceptual_losses(fake_res, fake_img, gt))
        if self.with_tv_loss:
            losses['loss_tv'] = self.loss_tv(fake_img, mask=mask)
        return {}, losses

    def _perceptual_losses(self, fake_res: Tensor, fake_img: Tensor, gt: Tensor) -> dict[str, Tensor]:
        if self.with_out_percep_loss and hasattr(self.loss_percep, 'out_and_composed'):
            return self.loss_percep.out_and_composed(fake_res, fake_img, gt)
        images = {'composed': fake_img}
        if self.with_out_percep_loss:
            images['out'] = fake_res
        losses = {}
        for name, image in images.items():
            terms = self.loss_percep(image, gt)
            losses.update({f'loss_{name}_{term}': value
                           for term, value in zip(('percep', 'style'), terms) if value is not None})
        return losses

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs):
        # MMagic's checkpoints carry VGG, also to models that are built without losses.
        for key in [key for key in state_dict if key.startswith(f'{prefix}loss_percep.')]:
            del state_dict[key]
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


@MODELS.register_module()
class MeanColor(nn.Module):
    """Fills every hole with the mean colour of the valid pixels of its image; nothing to train.

    Takes the place of the network: ``encdec=dict(type='MeanColor')`` in a ``PConvInpaintor``.
    """

    def forward(self, x: Tensor, mask_in: Tensor) -> tuple[Tensor, Tensor]:
        """Fill the holes.

        Args:
            x: Image ``(N, C, H, W)``.
            mask_in: ``(N, C, H, W)`` or ``(N, 1, H, W)``, 1 = valid.

        Returns:
            tuple[Tensor, Tensor]: An image of the mean colours, 0 where nothing is valid, and a
            mask without holes.
        """
        mask = mask_in.to(x.dtype).expand_as(x)
        total = hide_holes(x, mask).sum((2, 3), keepdim=True)
        mean = total / mask.sum((2, 3), keepdim=True).clamp(min=1)
        return mean.expand_as(x), mask.new_ones(()).expand_as(x)
