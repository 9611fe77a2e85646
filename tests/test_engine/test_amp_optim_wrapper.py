"""Mixed precision on a CPU. The tests of the tools train with it."""
import copy

import pytest
import torch
from mmengine.optim import AmpOptimWrapper as MMEngineAmpOptimWrapper
from torch import nn

from mmpconv.engine import AmpOptimWrapper, machine
from mmpconv.engine.machine import has_fast_bfloat16
from mmpconv.registry import OPTIM_WRAPPERS


@pytest.fixture(autouse=True)
def on_a_cpu(monkeypatch):
    monkeypatch.setattr(machine, 'get_device', lambda: 'cpu')
    monkeypatch.setattr('mmengine.runner.amp.get_device', lambda: 'cpu')
    monkeypatch.setattr(machine, 'has_fast_bfloat16', lambda: True)


def wrap(model, lr=0.5, **kwargs):
    return AmpOptimWrapper(optimizer=torch.optim.SGD(model.parameters(), lr=lr), **kwargs)


def step(wrapper, model, x):
    with wrapper.optim_context(model):
        out = model(x)
        loss = out.float().pow(2).mean()
    wrapper.update_params(loss)
    return out


def test_it_shadows_the_one_of_mmengine_in_our_scope():
    assert OPTIM_WRAPPERS.get('AmpOptimWrapper') is AmpOptimWrapper


@pytest.mark.parametrize('dtype', [None, 'bfloat16', torch.bfloat16])
def test_activations_are_bfloat16_and_weights_float32(dtype):
    model = nn.Conv2d(1, 2, 3)
    gradients = []
    model.weight.register_hook(gradients.append)
    out = step(wrap(model, dtype=dtype), model, torch.rand(1, 1, 4, 4))
    assert out.dtype == torch.bfloat16
    assert model.weight.dtype == gradients[0].dtype == torch.float32


@pytest.mark.parametrize('dtype', ['float16', torch.float16, 'float64'])
def test_other_types_are_refused_with_the_remedy(dtype):
    with pytest.raises(ValueError, match="set optim_wrapper.dtype='bfloat16' or leave it out"):
        wrap(nn.Linear(1, 1), dtype=dtype)


@pytest.mark.parametrize('loss_scale', ['dynamic', 512.0, dict(init_scale=4.0)])
def test_a_step_is_the_plain_one_whatever_the_loss_scale(loss_scale):
    model, x = nn.Linear(3, 1), torch.rand(4, 3)
    plain = copy.deepcopy(model)
    step(wrap(model, loss_scale=loss_scale), model, x)
    with torch.autocast('cpu', torch.bfloat16):
        loss = plain(x).float().pow(2).mean()
    loss.backward()
    torch.testing.assert_close(model.weight, plain.weight - 0.5 * plain.weight.grad)


def test_accumulation_equals_the_larger_batch():
    model, x = nn.Linear(3, 1), torch.rand(4, 3)
    whole = copy.deepcopy(model)
    step(wrap(whole), whole, x)
    wrapper = wrap(model, accumulative_counts=2)
    wrapper.initialize_count_status(model, 0, 2)
    before = model.weight.detach().clone()
    step(wrapper, model, x[:2])
    assert torch.equal(model.weight, before)
    step(wrapper, model, x[2:])
    torch.testing.assert_close(model.weight, whole.weight, rtol=0.01, atol=0)  # sums of bfloat16 gradients
    assert not torch.equal(model.weight, before)


def test_clipping_bounds_the_step():
    model = nn.Linear(3, 1)
    before = model.weight.detach().clone(), model.bias.detach().clone()
    step(wrap(model, lr=1.0, clip_grad=dict(max_norm=0.1)), model, 100 * torch.rand(4, 3))
    change = torch.cat([(model.weight - before[0]).flatten(), model.bias - before[1]])
    assert change.norm().item() == pytest.approx(0.1, rel=1e-4)


def test_its_state_restores():
    model = nn.Linear(3, 1)
    wrapper = wrap(model)
    step(wrapper, model, torch.rand(4, 3))
    restored = wrap(nn.Linear(3, 1), lr=9.0)
    restored.load_state_dict(wrapper.state_dict())
    assert restored.optimizer.param_groups[0]['lr'] == 0.5


def test_a_state_saved_on_a_gpu_restores():
    state = wrap(nn.Linear(3, 1)).state_dict()
    state['loss_scaler'] = dict(scale=65536.0, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000,
                                _growth_tracker=3)
    wrap(nn.Linear(3, 1)).load_state_dict(state)


def test_on_an_accelerator_everything_is_left_to_mmengine(monkeypatch):
    """A state saved on a CPU has no loss scale; MMEngine's scaler refuses it."""
    seen = {}
    monkeypatch.setattr(machine, 'get_device', lambda: 'cuda')
    monkeypatch.setattr(MMEngineAmpOptimWrapper, '__init__', lambda self, **kwargs: seen.update(kwargs))
    wrapper = AmpOptimWrapper(loss_scale=8.0, dtype='float16', optimizer='o', clip_grad=None)
    assert seen == dict(loss_scale=8.0, dtype='float16', use_fsdp=False, optimizer='o', clip_grad=None)

    restored = {}
    monkeypatch.setattr(MMEngineAmpOptimWrapper, 'load_state_dict', lambda _, state: restored.update(state))
    wrapper.load_state_dict(dict(loss_scaler={}, state={}, param_groups=[]))
    assert restored == dict(state={}, param_groups=[])
    wrapper.load_state_dict(dict(loss_scaler=dict(scale=2.0)))
    assert restored['loss_scaler'] == dict(scale=2.0)


@pytest.mark.parametrize('name, avx512_bf16, amx, arm, fast', [
    ('x86_64', True, False, False, True), ('x86_64', False, True, False, True), ('AMD64', False, False, True, False),
    ('aarch64', False, False, True, True), ('arm64', True, False, False, False)])
def test_instructions_for_bfloat16_are_found(monkeypatch, name, avx512_bf16, amx, arm, fast):
    """torch's own answer counts emulation on x86."""
    monkeypatch.setattr(machine.platform, 'machine', lambda: name)
    monkeypatch.setattr(torch.cpu, '_is_avx512_bf16_supported', lambda: avx512_bf16)
    monkeypatch.setattr(torch.cpu, '_is_amx_tile_supported', lambda: amx)
    monkeypatch.setattr(torch.ops.mkldnn, '_is_mkldnn_bf16_supported', lambda: arm)
    assert has_fast_bfloat16() is fast


@pytest.mark.parametrize('dtype, out_dtype, told', [
    (None, torch.float32, 'training stays in float32'), ('bfloat16', torch.bfloat16, 'training is slower')])
def test_where_it_does_not_help_it_says_so(monkeypatch, dtype, out_dtype, told):
    messages = []
    monkeypatch.setattr(machine, 'has_fast_bfloat16', lambda: False)
    monkeypatch.setattr(machine, 'print_log', lambda message, **_: messages.append(message))
    model = nn.Linear(3, 1)
    wrapper = wrap(model, dtype=dtype)
    before = model.weight.detach().clone()
    assert step(wrapper, model, torch.rand(4, 3)).dtype == out_dtype
    assert not torch.equal(model.weight, before)
    message, = messages
    assert 'does not help on this CPU' in message and told in message
