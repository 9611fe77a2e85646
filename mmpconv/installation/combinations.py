"""Faults that are more than the version of one package. Each gives what is wrong, or None."""
from collections.abc import Callable

from packaging.version import Version

from .facts import OPENCVS, Facts


def python(facts: Facts) -> str | None:
    if (3, 11) <= facts.python <= (3, 13):
        return None
    why = ('Pillow without known holes does not install on it' if facts.python < (3, 11) else
           'nobody has tried MMagic 1.2.0 on it')
    return '{}.{}: mmpconv is made for 3.11 to 3.13; {}'.format(*facts.python, why)


def absent(package: str, why: str) -> Callable[[Facts], str | None]:
    return lambda facts: None if package in facts.versions else f'not installed: {why}'


def torchvision_of_another_torch(facts: Facts) -> str | None:
    torch, torchvision = (facts.versions.get(name) for name in ('torch', 'torchvision'))
    if torch is None or torchvision is None:
        return None
    torch, torchvision = Version(torch), Version(torchvision)
    if torch.major == 2 and torchvision.major == 0 and torchvision.minor != torch.minor + 15:
        return f'{torchvision} was built for torch 2.{torchvision.minor - 15}, and torch is {torch}: it does not import'
    kinds = {'cpu' if (version.local or '').startswith('cpu') else 'gpu' for version in (torch, torchvision)}
    if len(kinds) > 1:
        return f'{torchvision} beside torch {torch}: one is for CPUs only, the other is not, and it does not import'
    return None


def several_opencvs(facts: Facts) -> str | None:
    found = {name: facts.versions[name] for name in OPENCVS if name in facts.versions}
    if len(set(found.values())) < 2:
        return None
    names = ', '.join(f'{name} {version}' for name, version in found.items())
    return f'{names}: they write into one folder, where parts of different ones lie now'


def two_mmcvs(facts: Facts) -> str | None:
    if {'mmcv', 'mmcv-lite'} <= facts.versions.keys():
        return 'mmcv and mmcv-lite are both installed, and write into one folder'
    return None


def gpu_without_cuda(facts: Facts) -> str | None:
    gpu = facts.working.get('gpu')
    if not facts.nvidia or gpu is None or gpu['gpus']:
        return None
    return ('torch is built without CUDA' if gpu['cuda'] is None else
            f'torch (CUDA {gpu["cuda"]}) sees no GPU, though there is a driver of NVIDIA')


def weights_absent(facts: Facts) -> str | None:
    weights = facts.working.get('weights')
    if weights is None or weights['there']:
        return None
    return f'of {weights["model"]} are not there yet: {weights["file"]}; the first `mmpconv inpaint` downloads them'


def not_writable(facts: Facts) -> str | None:
    folders = [folder for folder, writable in facts.writable.items() if not writable]
    return f'no permission to write into {" and ".join(folders)}' if folders else None
