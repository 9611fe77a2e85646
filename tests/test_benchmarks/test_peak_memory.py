import torch
from memory import peak_bytes

MIB = 2**20


def allocate(mebibytes: int) -> None:
    torch.ones(mebibytes * MIB // 4)


def test_peak_is_what_the_function_held_not_what_the_parent_holds():
    held_here = torch.ones(300 * MIB // 4)
    peak = peak_bytes(allocate, 100, device=torch.device('cpu'))
    assert held_here[0] == 1
    assert 95 * MIB < peak < 130 * MIB
