import logging

import numpy as np
import pytest
from mmengine.logging import MMLogger

from mmpconv.datasets.masks import arguments, check_polarity


def test_an_all_hole_mask_is_refused():
    with pytest.raises(ValueError, match=r'holes.png is all hole \(100 %\).*invert=True'):
        check_polarity(np.ones((4, 4, 1), np.uint8), 'holes.png')


@pytest.mark.parametrize('valid, message', [(100, 'a.png has no hole'), (4, '96.0 % of the mask a.png')])
def test_improbable_masks_are_named_once(valid, message, caplog, monkeypatch):
    monkeypatch.setattr(arguments, '_warned', set())
    mask = np.ones((10, 10, 1), np.uint8)
    mask.reshape(-1)[:valid] = 0
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'handlers', [caplog.handler])
    for _ in range(3):
        check_polarity(mask, 'a.png')
    records = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert len(records) == 1 and message in records[0].getMessage()
