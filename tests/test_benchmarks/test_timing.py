import math

import pytest
import torch
from timing import summary, time_alternately

CPU = torch.device('cpu')


def test_functions_take_turns_and_every_round_starts_with_another_one():
    calls = []
    time_alternately({name: lambda name=name: calls.append(name) for name in 'abc'}, 3, CPU)
    assert ''.join(calls) == 'abc' + 'abc' + 'bac' + 'cab'


@pytest.mark.parametrize('names', ['abcde', 'abc'])
def test_none_always_comes_after_the_same(names):
    calls = []
    time_alternately({name: lambda name=name: calls.append(name) for name in names}, 20, CPU)
    calls, rounds = ''.join(calls), len(names)
    rounds = [calls[i:i + rounds] for i in range(rounds, len(calls), rounds)]
    assert all(sorted(each) == sorted(names) for each in rounds)
    before = [each[each.index('c') - 1] for each in rounds if each[0] != 'c']
    assert all(before.count(name) >= 4 for name in names if name != 'c')


def test_the_first_call_of_each_function_is_not_counted():
    calls = []
    results = time_alternately({'only': lambda: calls.append(0)}, 4, CPU)
    assert len(calls) == 5 and results['only']['repeats'] == 4


def test_summary_of_known_times():
    assert summary([4., 1., 2., 3., 5.]) == dict(median=3, quartile1=2, quartile3=4, min=1, max=5, repeats=5)


def test_summary_of_a_single_time():
    result = summary([0.5])
    assert result.pop('repeats') == 1 and all(math.isclose(value, 0.5) for value in result.values())


def test_no_round_is_an_error():
    with pytest.raises(ValueError, match='repeats is 0'):
        time_alternately({'a': list}, 0, CPU)
