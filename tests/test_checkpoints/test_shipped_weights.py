"""The weights in the package: small, of half precision, as the model card says, and good."""
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from mmpconv.apis import DEFAULT_MODEL, Inpainter
from mmpconv.apis.models import shipped_model
from mmpconv.checkpoints import read_safetensors
from mmpconv.checkpoints.loading import file_of
from mmpconv.evaluation import BASELINES

ROOT = Path(__file__).parents[2]
WEIGHTS = file_of(shipped_model(DEFAULT_MODEL).weights)


def test_file_is_small_and_in_half_precision():
    assert WEIGHTS.is_relative_to(ROOT / 'mmpconv') and WEIGHTS.stat().st_size <= 16e6
    weights = read_safetensors(WEIGHTS, widen=False)['state_dict']
    assert len(weights) > 30
    assert all(value.dtype == torch.float16 and value.isfinite().all() for value in weights.values())


def test_model_card_has_its_hash():
    card = (ROOT / 'docs/model_card.md').read_text()
    assert re.findall(r'\b[0-9a-f]{64}\b', card) == [hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()]


@pytest.fixture(scope='module')
def inpainter():
    return Inpainter()


@pytest.mark.parametrize('name', ['astronaut', 'coffee'])
def test_scratches_are_filled_better_than_by_any_baseline(inpainter, name):
    """The photo is none that the network was trained on."""
    photo = np.ascontiguousarray(getattr(skimage.data, name)()[:384, :384])
    hole = np.zeros((384, 384), bool)
    for start in range(20, 384, 40):
        for i in range(384):
            hole[i, (start + i // 3) % 384:(start + i // 3) % 384 + 5] = True
    filled = inpainter(photo, hole)
    assert np.array_equal(filled[~hole], photo[~hole])

    def error(result):
        return np.square(result[hole].astype(float) - photo[hole]).mean()

    baselines = {name: error(fill(photo, hole[..., None].astype(np.uint8))) for name, fill in BASELINES.items()}
    assert error(filled) < 0.95 * min(baselines.values()), baselines
