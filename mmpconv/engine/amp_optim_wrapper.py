"""Mixed precision on any device."""

import torch
from mmengine.device import get_device
from mmengine.optim import AmpOptimWrapper as _AmpOptimWrapper
from mmengine.optim import OptimWrapper

from ..registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(_AmpOptimWrapper):
    """MMEngine's ``AmpOptimWrapper``, which also runs on a CPU.

    On an accelerator nothing differs: autocast to ``dtype`` (default: the
    device's, float16 on CUDA) and loss scaling. On a CPU, where MMEngine 0.10
    refuses to be built, autocast is to bfloat16; its exponent range is that of
    float32, so the loss is not scaled there and ``loss_scale`` has no effect.

    Args:
        loss_scale (float | str | dict): As MMEngine's. Defaults to 'dynamic'.
        dtype (str | torch.dtype, optional): ``'float16'`` or ``'bfloat16'``;
            on a CPU only ``'bfloat16'``. Defaults to None, the device's default.
        use_fsdp (bool): As MMEngine's.
        **kwargs: Arguments of :class:`mmengine.optim.OptimWrapper`:
            ``optimizer``, ``accumulative_counts``, ``clip_grad``.

    Raises:
        ValueError: ``dtype`` is not bfloat16 on a CPU.
    """

    def __init__(self, loss_scale='dynamic', dtype=None, use_fsdp=False, **kwargs):
        if get_device() != 'cpu':
            super().__init__(loss_scale=loss_scale, dtype=dtype, use_fsdp=use_fsdp, **kwargs)
            return
        if dtype not in (None, 'bfloat16', torch.bfloat16):
            raise ValueError(f'AmpOptimWrapper got dtype={dtype!r}, but on a CPU autocast is to bfloat16 '
                             "only; set optim_wrapper.dtype='bfloat16' or leave it out")
        OptimWrapper.__init__(self, **kwargs)
        self._scale_update_param = None
        self.cast_dtype = torch.bfloat16
        self.loss_scaler = torch.amp.GradScaler('cpu', enabled=False)

    def load_state_dict(self, state_dict: dict) -> None:
        """Restore optimizer and loss scaler; a state saved on a CPU restores on a GPU and vice versa."""
        if not state_dict.get('loss_scaler', True):
            # A disabled scaler saves an empty state, which an enabled one refuses.
            state_dict = {key: value for key, value in state_dict.items() if key != 'loss_scaler'}
        super().load_state_dict(state_dict)
