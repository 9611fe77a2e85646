"""Training where there is no GPU: mixed precision, a config that was written for GPUs, and processes."""
import contextlib
import datetime
import gc
import logging
import os
import platform
import subprocess

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.logging import print_log
from mmengine.optim import AmpOptimWrapper as _AmpOptimWrapper
from mmengine.optim import OptimWrapper
from torch import nn

from mmpconv.configs import type_name
from mmpconv.errors import LaunchError
from mmpconv.registry import OPTIM_WRAPPERS

AMP_WRAPPER = 'mmpconv.engine.AmpOptimWrapper'
# Variables that a launcher sets for each process: its number, that of all, and its number on its machine.
LAUNCHERS = {'pytorch': ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'),
             'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID'),
             'mpi': ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_RANK')}


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(_AmpOptimWrapper):
    """MMEngine's ``AmpOptimWrapper``, which also runs on a CPU.

    On an accelerator nothing differs: autocast to ``dtype`` (default: the device's, float16 on CUDA) and loss scaling.
    On a CPU, where MMEngine 0.10 refuses to be built, autocast is to bfloat16; its exponent range is that of float32,
    so the loss is not scaled there and ``loss_scale`` has no effect. On a CPU without instructions for bfloat16 it
    would be slower than float32: there, training stays in float32 and the log says so, unless ``dtype`` asks for it.
    Weights and the optimizer's state are float32 everywhere.

    Args:
        loss_scale (float | str | dict): As MMEngine's.
        dtype (str | torch.dtype, optional): ``'float16'`` or ``'bfloat16'``; on a CPU only ``'bfloat16'``. None: what
            the device is fast in.
        use_fsdp (bool): As MMEngine's.
        **kwargs: Arguments of :class:`mmengine.optim.OptimWrapper`: ``optimizer``, ``accumulative_counts``,
            ``clip_grad``.

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


def fit_to_machine(cfg: Config) -> None:
    """Make the config run where there is no accelerator, in place; elsewhere change next to nothing.

    What each change is for, the first one on any machine:

    - torch refuses ``persistent_workers`` where ``num_workers`` is 0;
    - MMEngine's ``AmpOptimWrapper`` refuses a CPU, ours does not;
    - NCCL needs GPUs, gloo does not;
    - DDP takes no ``device_ids`` for a module on the CPU;
    - torch's ``SyncBatchNorm`` refuses CPU tensors in a distributed run, so each process normalises with its own
      batch. A run with one process needs no change: MMEngine itself reverts it there.
    """
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        for loader in cfg[name] if isinstance(cfg.get(name), (list, tuple)) else [cfg.get(name)]:
            if isinstance(loader, dict) and loader.get('persistent_workers') and not loader.get('num_workers'):
                loader['persistent_workers'] = False
    if get_device() != 'cpu':
        return
    for wrapper in (cfg.get('optim_wrapper') or {}, *(cfg.get('optim_wrapper') or {}).values()):
        if isinstance(wrapper, dict) and type_name(wrapper) == 'AmpOptimWrapper':
            wrapper['type'] = AMP_WRAPPER
    if cfg.get('launcher', 'none') == 'none':
        return
    if (cfg.get('env_cfg') or {}).get('dist_cfg', {}).get('backend', 'nccl') == 'nccl':
        _log('distributed backend nccl -> gloo')
        cfg.merge_from_dict({'env_cfg.dist_cfg.backend': 'gloo'})
    wrapper = cfg.get('model_wrapper_cfg') or dict(
        type='MMDistributedDataParallel', broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False))
    cfg.model_wrapper_cfg = {**wrapper, 'device_ids': None}
    replaced = _replace_sync_bn(cfg.model)
    if cfg.pop('sync_bn', None) or replaced:
        _log('SyncBN -> BN: each process normalises with its own batch')


def init_distributed(cfg: Config) -> None:
    """Start the process group of a CPU run.

    MMEngine would select a CUDA device first, which fails on such a machine; it leaves a group alone that exists.

    Raises:
        LaunchError: The variables that the launcher sets are missing.
    """
    launcher = cfg.get('launcher', 'none')
    if launcher == 'none' or get_device() != 'cpu' or dist.is_initialized():
        return
    name_as_torch_does(launcher)
    missing = [name for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR') if name not in os.environ]
    if missing:
        raise LaunchError(f'--launcher {launcher} was given, but {", ".join(missing)} is not set; start the '
                          'run with tools/dist_train.sh, tools/slurm_train.sh or their test counterparts')
    dist_cfg = cfg.env_cfg.dist_cfg
    timeout = datetime.timedelta(seconds=dist_cfg.timeout) if 'timeout' in dist_cfg else None
    dist.init_process_group(backend=dist_cfg.backend, timeout=timeout)


def name_as_torch_does(launcher: str) -> None:
    """Give the variables that a launcher sets for each process the names that torch reads; the port has a default."""
    for ours, theirs in zip(LAUNCHERS['pytorch'], LAUNCHERS[launcher]):
        if theirs in os.environ:
            os.environ[ours] = os.environ[theirs]
    if launcher == 'slurm' and 'MASTER_ADDR' not in os.environ and 'SLURM_NODELIST' in os.environ:
        hosts = subprocess.run(['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']],
                               capture_output=True, text=True, check=True).stdout
        os.environ['MASTER_ADDR'] = hosts.split()[0]
    os.environ.setdefault('MASTER_PORT', '29500')


def end_distributed() -> None:
    """Let the processes of a run end together; the caller keeps neither its runner nor its model.

    gloo's threads end with the process group. A model wrapped for distributed training holds the group, so it has to be
    gone first: a thread that still lets go of a tensor while Python ends aborts the process, upon which the launcher
    ends the others, one of them perhaps while it writes its checkpoint.
    """
    if dist.is_initialized():
        dist.barrier()
        gc.collect()  # a runner and its hooks refer to each other
        dist.destroy_process_group()


def _replace_sync_bn(node) -> int:
    """Turn every ``type='SyncBN'`` below this part of a config into BN; returns how many."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, (list, tuple)) else ()
    count = sum(_replace_sync_bn(child) for child in children)
    if isinstance(node, dict) and type_name(node) in ('SyncBN', 'MMSyncBN', 'SyncBatchNorm'):
        node['type'] = 'BN'
        count += 1
    return count


def _log(change: str) -> None:
    print_log(f'no accelerator here: {change}', logger='current')
