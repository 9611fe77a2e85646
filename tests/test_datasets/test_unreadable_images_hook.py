from types import SimpleNamespace

import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmengine.logging import MMLogger

from mmpconv.datasets import InpaintingDataset, LoadImageFromFile
from mmpconv.engine.hooks import UnreadableImagesHook
from mmpconv.registry import HOOKS


@pytest.fixture
def runner(photos, caplog, monkeypatch):
    """What the hook uses of a runner; two of five photos are broken."""
    for name in ('01.jpg', '03.jpg'):
        (photos / name).write_bytes(b'')
    logger = MMLogger.get_instance('unreadable-images')
    monkeypatch.setattr(logger, 'handlers', [caplog.handler])

    def loop(**kwargs):
        data = InpaintingDataset(data_root=str(photos), pipeline=[LoadImageFromFile(key='gt')], **kwargs)
        return SimpleNamespace(dataloader=SimpleNamespace(dataset=data))

    runner = SimpleNamespace(iter=0, logger=logger, train_loop=loop(), val_loop=loop(test_mode=True),
                             test_loop=loop(test_mode=True, indices=2))
    runner.messages = lambda: [message for message in caplog.messages if 'could not be read' in message]
    return runner


def step(hook, runner, iteration):
    runner.iter = iteration
    hook.after_train_iter(runner, iteration)


def test_training_reports_when_the_number_grew(runner):
    hook = HOOKS.build(dict(type='UnreadableImagesHook', interval=10))
    step(hook, runner, 9)
    assert runner.messages() == []
    data = runner.train_loop.dataloader.dataset
    data[1]
    step(hook, runner, 15)
    assert runner.messages() == []
    step(hook, runner, 19)
    step(hook, runner, 29)
    assert len(runner.messages()) == 1 and '1 training photos' in runner.messages()[0]
    assert '01.jpg' in runner.messages()[0]
    data[3]
    step(hook, runner, 39)
    hook.after_train(runner)
    assert '2 training photos' in runner.messages()[1]
    assert '2 of 5 training photos' in runner.messages()[2] and '03.jpg' in runner.messages()[2]


def test_nothing_is_said_of_readable_photos(runner):
    hook = UnreadableImagesHook(interval=1)
    runner.train_loop.dataloader.dataset[0]
    step(hook, runner, 0)
    hook.after_train(runner)
    assert runner.messages() == []


def test_metrics_say_what_they_leave_out(runner):
    hook = UnreadableImagesHook()
    hook.after_val_epoch(runner)
    runner.test_loop = SimpleNamespace(dataloaders=[runner.test_loop.dataloader])  # as MMagic's loops
    hook.after_test_epoch(runner)
    assert '3 photos; 2 more could not be read' in runner.messages()[0]
    assert '2 photos; 2 more' in runner.messages()[1] and '01.jpg' in runner.messages()[1]


def test_wrapped_datasets_are_found_and_foreign_ones_passed_over(runner):
    hook = UnreadableImagesHook(interval=1)
    data = runner.train_loop.dataloader.dataset
    data[1]
    for wrapper, reports in ((RepeatDataset(data, times=2), 1), (ConcatDataset([data, data]), 3),
                             ([1, 2, 3], 3)):
        runner.train_loop.dataloader.dataset = wrapper
        hook.after_train(runner)
        assert len(runner.messages()) == reports


def test_a_wrong_interval_is_refused():
    with pytest.raises(ValueError, match='at least 1'):
        UnreadableImagesHook(interval=0)
