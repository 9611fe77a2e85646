"""Models that are loaded when they are wanted, and photos that are filled in turn."""
import asyncio
import threading

import pytest

from mmpconv.errors import LaunchError
from mmpconv.web.filling import Fills, Model, Models
from mmpconv.web.messages import VisitorError


def models(load=lambda name: name, names='ab'):
    return Models([Model(name, name.upper(), '') for name in names], load)


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def last(steps):
    return [step async for step in steps][-1]


def test_a_model_is_loaded_once_however_many_want_it():
    loaded, go_on = [], threading.Event()

    def load(name):
        loaded.append(name)
        go_on.wait(60)
        return f'model {name}'

    many, got = models(load), []
    threads = [threading.Thread(target=lambda: got.append(many.get('a'))) for _ in range(5)]
    for thread in threads:
        thread.start()
    while not loaded:
        pass
    assert many.models['a'].state == 'loading' and many.models['b'].state == 'idle'
    go_on.set()
    for thread in threads:
        thread.join()
    assert loaded == ['a'] and got == ['model a'] * 5 and many.models['a'].state == 'ready'


def test_a_model_that_cannot_be_loaded_says_why_and_is_tried_again():
    tries = []

    def load(name):
        tries.append(name)
        raise LaunchError('there is no such\nfile')

    many = models(load)
    for _ in range(2):
        with pytest.raises(VisitorError, match='A cannot be loaded: There is no such file'):
            many.get('a')
    assert many.models['a'].state == 'failed' and many.models['a'].error and len(tries) == 2


def test_an_unknown_model_is_refused_with_those_that_there_are():
    many = models()
    assert (many.check(None), many.check(''), many.check('b')) == ('a', 'a', 'b')
    with pytest.raises(VisitorError, match="no model 'c' here; there are a, b"):
        many.check('c')


def test_progress_is_reported_and_then_the_result():
    async def run():
        told, go_on = threading.Event(), threading.Event()

        def fill(filler, progress):
            progress(2, 3)
            told.set()
            go_on.wait(60)
            return filler

        steps = Fills(models()).run('b', fill)
        seen = [await anext(steps)]
        await asyncio.to_thread(told.wait, 60)
        seen += [await anext(steps)]
        go_on.set()
        return [*seen, await last(steps)]

    assert asyncio.run(run()) == [{'state': 'waiting', 'ahead': 0}, {'state': 'filling', 'done': 2, 'total': 3},
                                  {'state': 'done', 'result': 'b'}]


def test_photos_are_filled_in_turn_and_too_many_are_refused():
    async def run():
        fills, go_on, order = Fills(models(), at_a_time=1, max_waiting=2), threading.Event(), []

        def fill(number):
            def job(filler, progress):
                order.append(number)
                go_on.wait(60)
                return number
            return job

        tasks = [asyncio.ensure_future(last(fills.run('a', fill(0))))]
        await until(lambda: order == [0])
        for number in (1, 2):
            tasks.append(asyncio.ensure_future(last(fills.run('a', fill(number)))))
            await until(lambda number=number: len(fills._waiting) == number)
        assert fills._report(fills._waiting[1]) == {'state': 'waiting', 'ahead': 1}
        with pytest.raises(VisitorError, match='Too many') as error:
            await anext(fills.run('a', fill(3)))
        assert error.value.status == 503
        go_on.set()
        return order, [step['result'] for step in await asyncio.gather(*tasks)]

    assert asyncio.run(run()) == ([0, 1, 2], [0, 1, 2])


@pytest.mark.parametrize('waits', [False, True])
def test_what_nobody_waits_for_any_more_is_given_up(waits):
    async def run():
        fills, go_on, ended, began = Fills(models()), threading.Event(), threading.Event(), threading.Event()

        def endless(filler, progress):
            began.set()
            try:
                while True:
                    go_on.wait(0.01)
                    progress(1, 2)
            finally:
                ended.set()

        steps = fills.run('a', endless)
        await anext(steps)
        await asyncio.to_thread(began.wait, 60)
        if waits:
            called = []
            waiting = fills.run('a', lambda filler, progress: called.append(1))
            assert (await anext(waiting))['state'] == 'waiting'
            await waiting.aclose()
            assert not fills._waiting
        await steps.aclose()
        assert await asyncio.to_thread(ended.wait, 60)
        done = await last(fills.run('a', lambda filler, progress: 'next'))
        assert done['result'] == 'next' and not (waits and called)

    asyncio.run(run())


def test_a_page_that_ends_does_not_wait_for_fillings():
    async def run():
        fills = Fills(models())
        steps = fills.run('a', lambda filler, progress: threading.Event().wait(60))
        await anext(steps)
        fills.end()
        with pytest.raises(VisitorError, match='closed down'):
            await last(steps)

    asyncio.run(run())
