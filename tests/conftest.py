"""What all tests share: fixed seeds, and the same hypothesis examples on every machine."""
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings
from mmengine.registry import DefaultScope

import mmpconv  # noqa: F401  its remedies have to come before any import of MMagic

settings.register_profile('stable', derandomize=True, deadline=None, max_examples=60, database=None,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile('stable')


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    np.random.seed(0)  # by which datasets replace photos that cannot be read


@pytest.fixture(autouse=True)
def default_scope():
    """A runner leaves its default scope behind, in which later tests would look things up."""
    with DefaultScope.overwrite_default_scope('mmpconv'):
        yield
