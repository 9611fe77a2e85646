"""Times whole training iterations, from photo files to updated weights, against MMagic's.

    python benchmarks/train_step.py --threads 1 --vgg vgg16-397923af.pth

Each side trains as its config says, with its own pipeline, losses and optimizer; MMagic's is given the same VGG. Data
are read in the process that trains, without workers, so that the times of data and step can be told apart.
"""
import statistics
import tempfile
from pathlib import Path

import skimage.data
import torch
from harness import finish, parse, start
from memory import peak_bytes
from networks import MMAGIC, OURS
from PIL import Image
from timing import summary, time_alternately
from torch.utils.flop_counter import FlopCounterMode
from training import AMP, PARTS, Side, run_alone, save_random_vgg

SIDES = (MMAGIC, OURS, AMP)
CASES = {'data and step': ('data', 'step'), 'step': ('step',), 'data': ('data',)}


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write."""
    args = parse(__doc__, argv, size=256, batch=2, repeats=11, files=dict(
        vgg='weights of VGG-16 up to pool3 at least; random ones without it, which take the same time',
        photos='a folder of photos; those that scikit-image ships without it'))
    if args.size % 128:
        raise SystemExit(f'--size is {args.size} but must be a multiple of 128')
    result = start('train_step', args, 'pillow')
    with tempfile.TemporaryDirectory() as folder:
        weights = args.vgg or save_random_vgg(Path(folder))
        photos = args.photos or _save_photos(Path(folder) / 'photos')
        result['remarks'] = [f"VGG has {'the weights of ' + Path(weights).name if args.vgg else 'random weights'}."]
        setting = (str(photos), str(weights), args.size, args.batch, args.device)
        sides = {name: Side(name, *setting) for name in SIDES}
        result['difference'] = _difference(sides)
        result['limited_case'], result['flops'] = 'step', _flops(sides[OURS])
        seconds = _iterations(sides, args.repeats)
        del sides
        peaks = {name: peak_bytes(run_alone, name, *setting, device=args.device) for name in SIDES}
    result['measurements'] = [
        dict(case=case, candidate=name, seconds=summary([sum(one[part] for part in parts) for one in seconds[name]]),
             images=args.batch, **({'peak_bytes': peaks[name]} if case == 'data and step' else {}))
        for case, parts in CASES.items() for name in SIDES]
    result['breakdown'] = {name: {part: statistics.median(one[part] for one in seconds[name]) for part in PARTS}
                           for name in SIDES}
    result['matrix_rates'] = _matrix_rates(args.device)
    result['targets'] = _targets(result, peaks)
    finish(result, args)


def _iterations(sides: dict[str, Side], repeats: int) -> dict[str, list[dict[str, float]]]:
    """Seconds of the parts of each iteration, by side; the first iteration of each is left out."""
    seconds = {name: [] for name in sides}
    time_alternately({name: lambda name=name: seconds[name].append(sides[name].iteration()) for name in sides}, repeats,
                     torch.device('cpu'))
    return {name: iterations[1:] for name, iterations in seconds.items()}


def _difference(sides: dict[str, Side]) -> float:
    """Largest difference of a loss term to MMagic's, over that term, for the same batch and weights."""
    data = sides[MMAGIC].data()
    state = {name: value.clone() for name, value in sides[MMAGIC].model.state_dict().items()}
    expected = sides[MMAGIC].losses(data)
    for name in SIDES[1:]:
        sides[name].model.load_state_dict(state)
    got = sides[OURS].losses(data)
    assert got.keys() == expected.keys()
    return max(abs(got[name] - value) / abs(value) for name, value in expected.items())


def _flops(side: Side) -> int:
    """Multiplications and additions of matrix products and convolutions in one of this package's iterations."""
    with FlopCounterMode(display=False) as counter:
        side.iteration()
    return counter.get_total_flops()


def _matrix_rates(device: torch.device) -> dict[str, float]:
    """Multiplications and additions a second in a product of two large matrices, by dtype: the machine's limit."""
    size = 8192 if device.type == 'cuda' else 2048
    rates = {}
    for dtype in (torch.float32, torch.bfloat16):
        a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
        seconds = time_alternately({'product': lambda: a @ b}, 7, device)['product']['min']  # noqa: B023
        rates[str(dtype).removeprefix('torch.')] = 2 * size**3 / seconds
    return rates


def _targets(result: dict, peaks: dict[str, int]) -> list[dict]:
    median = {row['candidate']: row['seconds']['median'] for row in result['measurements']
              if row['case'] == 'step'}
    bounds = ((OURS, 1.5), (AMP, 2.5)) if result['device'] == 'cpu' else ((AMP, 4.0),)
    return [*(dict(what=f'step: images a second of {name} / MMagic', at_least=bound,
                   measured=median[MMAGIC] / median[name]) for name, bound in bounds),
            dict(what=f'peak memory: {OURS} / MMagic', at_most=0.6, measured=peaks[OURS] / peaks[MMAGIC])]


def _save_photos(folder: Path) -> Path:
    """Photos as those of Places365: JPEG files of a short side of 512 pixels."""
    folder.mkdir()
    for name in ('astronaut', 'chelsea', 'coffee', 'rocket'):
        photo = Image.fromarray(getattr(skimage.data, name)())
        scale = 512 / min(photo.size)
        photo = photo.resize([round(scale * side) for side in photo.size], Image.Resampling.LANCZOS)
        photo.save(folder / f'{name}.jpg', quality=90)
    return folder


if __name__ == '__main__':
    main()
