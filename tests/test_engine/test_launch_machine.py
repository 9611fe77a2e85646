"""Fitting a config to a machine without an accelerator."""
import pytest
import torch
from mmengine.config import Config

from mmpconv.engine import machine
from mmpconv.engine.machine import fit_to_machine, init_distributed
from mmpconv.errors import LaunchError


@pytest.fixture
def on_a_cpu(monkeypatch):
    monkeypatch.setattr(machine, 'get_device', lambda: 'cpu')


def config(launcher='pytorch', **kwargs):
    norm = dict(type='SyncBN', requires_grad=True)
    return Config(dict(launcher=launcher, optim_wrapper=dict(type='AmpOptimWrapper'), env_cfg=dict(
        dist_cfg=dict(backend='nccl'), mp_cfg=dict(mp_start_method='fork')), model=dict(
            norm_cfg=norm, heads=[dict(type='H', norm_cfg=norm), dict(type='SyncBNHead')]), **kwargs))


def test_on_an_accelerator_nothing_changes(monkeypatch):
    monkeypatch.setattr(machine, 'get_device', lambda: 'cuda')
    cfg = config(sync_bn='torch')
    fit_to_machine(cfg)
    assert cfg.to_dict() == config(sync_bn='torch').to_dict()


def test_one_process_needs_only_a_wrapper_that_accepts_a_cpu(on_a_cpu):
    cfg = config('none')
    fit_to_machine(cfg)
    assert cfg.optim_wrapper.type == 'mmpconv.engine.AmpOptimWrapper'
    cfg.optim_wrapper = config().optim_wrapper
    assert cfg.to_dict() == config('none').to_dict()


def test_several_processes_use_gloo_and_plain_batch_norm(on_a_cpu):
    cfg = config(sync_bn='torch')
    fit_to_machine(cfg)
    assert cfg.env_cfg == dict(dist_cfg=dict(backend='gloo'), mp_cfg=dict(mp_start_method='fork'))
    assert cfg.model.norm_cfg == cfg.model.heads[0].norm_cfg == dict(type='BN', requires_grad=True)
    assert cfg.model.heads[1].type == 'SyncBNHead'
    assert 'sync_bn' not in cfg
    assert cfg.model_wrapper_cfg.device_ids is None


@pytest.mark.parametrize('kind', ['SyncBN', 'mmpconv.SyncBN', 'MMSyncBN', torch.nn.SyncBatchNorm])
def test_synchronised_batch_norm_is_found_under_all_its_names(on_a_cpu, kind):
    cfg = Config(dict(launcher='pytorch', model=dict(norm_cfg=dict(type=kind))))
    fit_to_machine(cfg)
    assert cfg.model.norm_cfg.type == 'BN'


def test_a_wrapper_of_the_config_is_kept(on_a_cpu):
    cfg = config(model_wrapper_cfg=dict(type='MMSeparateDistributedDataParallel', broadcast_buffers=True))
    fit_to_machine(cfg)
    assert cfg.model_wrapper_cfg == dict(
        type='MMSeparateDistributedDataParallel', broadcast_buffers=True, device_ids=None)


def test_a_config_without_env_cfg_gets_gloo(on_a_cpu):
    cfg = Config(dict(launcher='pytorch', model=dict(type='M')))
    fit_to_machine(cfg)
    assert cfg.env_cfg.dist_cfg.backend == 'gloo'


def test_several_optimizers_are_all_fitted(on_a_cpu):
    cfg = Config(dict(model={}, optim_wrapper=dict(
        constructor='C', a=dict(type='AmpOptimWrapper'), b=dict(type='OptimWrapper'))))
    fit_to_machine(cfg)
    assert cfg.optim_wrapper.a.type == 'mmpconv.engine.AmpOptimWrapper'
    assert cfg.optim_wrapper.b.type == 'OptimWrapper'


@pytest.mark.parametrize('launcher', ['pytorch', 'slurm', 'mpi'])
def test_a_launcher_that_started_nothing_is_named(on_a_cpu, monkeypatch, launcher):
    for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK'):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(LaunchError, match=f'{launcher} was given, but RANK, WORLD_SIZE, MASTER_ADDR is not'):
        init_distributed(config(launcher))


@pytest.mark.parametrize('device', ['cpu', 'cuda'])
def test_workers_persist_only_where_there_are_any(monkeypatch, device):
    monkeypatch.setattr(machine, 'get_device', lambda: device)
    cfg = Config(dict(
        train_dataloader=dict(num_workers=0, persistent_workers=True),
        val_dataloader=[dict(num_workers=2, persistent_workers=True), dict(num_workers=0, persistent_workers=True)],
        test_dataloader=None))
    fit_to_machine(cfg)
    assert not cfg.train_dataloader.persistent_workers
    assert [loader.persistent_workers for loader in cfg.val_dataloader] == [True, False]
