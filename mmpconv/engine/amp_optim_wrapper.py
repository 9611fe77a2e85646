"""Mixed precision on any device."""
import contextlib
import logging
import platform

import torch
from mmengine.device import get_device
from mmengine.logging import print_log
from mmengine.optim import AmpOptimWrapper as _AmpOptimWrapper
from mmengine.optim import OptimWrapper
from torch import nn

from mmpconv.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(_AmpOptimWrapper):
    """MMEngine's ``AmpOptimWrapper``, which also runs on a CPU.

    On an accelerator nothing differs: autocast to ``dtype`` (default: the
    device's, float16 on CUDA) and loss scaling. On a CPU, where MMEngine 0.10
    refuses to be built, autocast is to bfloat16; its exponent range is that of
    float32, so the loss is not scaled there and ``loss_scale`` has no effect. On a
    CPU without instructions for bfloat16 it would be slower than float32: there,
    training stays in float32 and the log says so, unless ``dtype`` asks for it.
    Weights and the optimizer's state are float32 everywhere.

    Args:
        loss_scale (float | str | dict): As MMEngine's. Defaults to 'dynamic'.
        dtype (str | torch.dtype, optional): ``'float16'`` or ``'bfloat16'``;
            on a CPU only ``'bfloat16'``. Defaults to None: what the device is fast in.
        use_fsdp (bool): As MMEngine's.
        **kwargs: Arguments of :class:`mmengine.optim.OptimWrapper`:
            ``optimizer``, ``accumulative_counts``, ``clip_grad``.

    Raises:
        ValueError: ``dtype`` is not bfloat16 on a CPU.
    """

    def __init__(self, loss_scale='dynamic', dtype=None, use_fsdp=False, **kwargs):
        if get_device() != 'cpu':
            self._autocasts = True
            super().__init__(loss_scale=loss_scale, dtype=dtype, use_fsdp=use_fsdp, **kwargs)
            return
        if dtype not in (None, 'bfloat16', torch.bfloat16):
            raise ValueError(f'AmpOptimWrapper got dtype={dtype!r}, but on a CPU autocast is to bfloat16 '
                             "only; set optim_wrapper.dtype='bfloat16' or leave it out")
        OptimWrapper.__init__(self, **kwargs)
        self._scale_update_param = None
        self.cast_dtype = torch.bfloat16
        self._autocasts = dtype is not None or has_fast_bfloat16()
        if not has_fast_bfloat16():
            consequence = ("training is slower than in float32, because optim_wrapper.dtype is 'bfloat16'"
                           if self._autocasts else "training stays in float32; dtype='bfloat16' forces it")
            print_log('mixed precision does not help on this CPU, which has no instructions for bfloat16 (AVX512-BF16, '
                      f'AMX or those of ARM): {consequence}', logger='current', level=logging.WARNING)
        self.loss_scaler = torch.amp.GradScaler('cpu', enabled=False)

    @contextlib.contextmanager
    def optim_context(self, model: nn.Module):
        """MMEngine's, except on a CPU on which mixed precision does not help."""
        context = super() if self._autocasts else super(_AmpOptimWrapper, self)
        with context.optim_context(model):
            yield

    def load_state_dict(self, state_dict: dict) -> None:
        """Restore optimizer and loss scaler; a state saved on a CPU restores on a GPU and vice versa."""
        if not state_dict.get('loss_scaler', True):
            # A disabled scaler saves an empty state, which an enabled one refuses.
            state_dict = {key: value for key, value in state_dict.items() if key != 'loss_scaler'}
        super().load_state_dict(state_dict)


def has_fast_bfloat16() -> bool:
    """True if this CPU multiplies in bfloat16, rather than torch emulating it."""
    if platform.machine().lower() in ('aarch64', 'arm64'):
        return torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
