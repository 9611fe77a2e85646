"""What would end a process at once is an interrupt."""
import signal

import pytest

from mmpconv.errors import termination_as_interrupt


@pytest.fixture(params=[signal.SIGTERM, signal.SIGHUP])
def number(request):
    before = signal.getsignal(request.param)
    yield request.param
    signal.signal(request.param, before)


def test_other_ends_are_interrupts_too(number):
    signal.signal(number, signal.SIG_DFL)
    with pytest.raises(KeyboardInterrupt), termination_as_interrupt():
        signal.raise_signal(number)
    assert signal.getsignal(number) == signal.SIG_DFL


def test_what_is_ignored_stays_ignored(number):
    """As SIGHUP is under nohup."""
    signal.signal(number, signal.SIG_IGN)
    with termination_as_interrupt():
        signal.raise_signal(number)
    assert signal.getsignal(number) == signal.SIG_IGN
