"""Fits a config that was written for GPUs to the machine at hand."""
import datetime
import gc
import os
import subprocess

import torch.distributed as dist
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.logging import print_log

from mmpconv.errors import LaunchError

from .arguments import AMP_WRAPPER, type_name


def fit_to_machine(cfg: Config) -> None:
    """Make the config run where there is no accelerator, in place; elsewhere change next to nothing.

    What each change is for, the first one on any machine:

    - torch refuses ``persistent_workers`` where ``num_workers`` is 0;
    - MMEngine's ``AmpOptimWrapper`` refuses a CPU, ours does not;
    - NCCL needs GPUs, gloo does not;
    - DDP takes no ``device_ids`` for a module on the CPU;
    - torch's ``SyncBatchNorm`` refuses CPU tensors in a distributed run, so each
      process normalises with its own batch. A run with one process needs no
      change: MMEngine itself reverts it there.
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

    MMEngine would select a CUDA device first, which fails on such a machine; it
    leaves a group alone that exists already.

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
    if launcher == 'slurm':
        _take_from('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID')
        if 'MASTER_ADDR' not in os.environ and 'SLURM_NODELIST' in os.environ:
            hosts = subprocess.run(['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']],
                                   capture_output=True, text=True, check=True).stdout
            os.environ['MASTER_ADDR'] = hosts.split()[0]
    elif launcher == 'mpi':
        _take_from('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_RANK')
    os.environ.setdefault('MASTER_PORT', '29500')


def end_distributed() -> None:
    """Let the processes of a run end together; the caller keeps neither its runner nor its model.

    gloo's threads end with the process group. A model wrapped for distributed training holds the
    group, so it has to be gone first: a thread that still lets go of a tensor while Python ends
    aborts the process, upon which the launcher ends the others, one of them perhaps while it
    writes its checkpoint.
    """
    if dist.is_initialized():
        dist.barrier()
        gc.collect()  # a runner and its hooks refer to each other
        dist.destroy_process_group()


def _take_from(rank: str, world_size: str, local_rank: str) -> None:
    """Give the launcher's variables the names that torch reads."""
    for ours, theirs in (('RANK', rank), ('WORLD_SIZE', world_size), ('LOCAL_RANK', local_rank)):
        if theirs in os.environ:
            os.environ[ours] = os.environ[theirs]


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
