"""Times the perceptual and style losses of a training step against MMagic's, forward and backward.

    python benchmarks/loss.py --repeats 11

VGG has random weights: its speed does not depend on them, and nothing is downloaded.
"""
import tempfile
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import torch
from harness import finish, parse, start
from networks import MMAGIC, OURS, random_input
from peers import MMagicPerceptualLoss
from timing import time_alternately
from torch import Tensor
from torchvision.models import vgg

from mmpconv.models.losses import PerceptualStyleLoss

SETTINGS = dict(layer_weights={'4': 1., '9': 1., '16': 1.}, vgg_type='vgg16', perceptual_weight=0.05,
                style_weight=120)


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write."""
    args = parse(__doc__, argv, size=256, batch=2, repeats=11)
    if args.size % 8:
        raise SystemExit(f'--size is {args.size} but must be a multiple of 8')
    result = start('loss', args)
    terms = _terms(args.device)
    image, mask = random_input(args.batch, args.size, args.device)
    truth = torch.rand_like(image) * 2 - 1
    out = (torch.rand_like(image) * 2 - 1).requires_grad_()

    def step(name: str) -> None:
        out.grad = None
        sum(terms[name](out, truth * mask + out * (1 - mask), truth)).backward()

    result['difference'] = _difference(terms, out.detach(), mask, truth)
    seconds = time_alternately({name: lambda name=name: step(name) for name in terms}, args.repeats,
                               args.device)
    result['measurements'] = [
        dict(case='perceptual and style losses, forward and backward', candidate=name, seconds=value)
        for name, value in seconds.items()]
    finish(result, args)


def _terms(device: torch.device) -> dict:
    """By name, a function of output, composite and truth that returns the four terms of the loss."""
    features = vgg.make_layers(vgg.cfgs['D'])
    # MMagic downloads pretrained weights whatever it is told.
    with mock.patch.object(vgg, 'vgg16', lambda pretrained: SimpleNamespace(features=features)):
        theirs = MMagicPerceptualLoss(**SETTINGS, pretrained='torchvision://vgg16').to(device)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'vgg16.pth'
        torch.save({f'features.{key}': value for key, value in features.state_dict().items()}, path)
        ours = PerceptualStyleLoss(**SETTINGS, pretrained=str(path)).to(device)
        ours.init_weights()

    def two_calls(out: Tensor, comp: Tensor, truth: Tensor) -> list[Tensor]:
        return [*theirs(comp, truth), *theirs(out, truth)]

    def one_pass(out: Tensor, comp: Tensor, truth: Tensor) -> list[Tensor]:
        losses = ours.out_and_composed(out, comp, truth)
        return [losses[f'loss_{name}'] for name in
                ('composed_percep', 'composed_style', 'out_percep', 'out_style')]

    return {MMAGIC: two_calls, OURS: one_pass}


def _difference(terms: dict, out: Tensor, mask: Tensor, truth: Tensor) -> float:
    """Largest difference of a term to MMagic's, over that term."""
    comp = truth * mask + out * (1 - mask)
    with torch.no_grad():
        # MMagic hands BGR images to VGG as they are, this package as RGB.
        expected = terms[MMAGIC](out.flip(1), comp.flip(1), truth.flip(1))
        got = terms[OURS](out, comp, truth)
    return max(abs(a.item() - b.item()) / abs(b.item()) for a, b in zip(got, expected))


if __name__ == '__main__':
    main()
