"""Times the small networks of the comparison of paddings with each padding, eager and compiled.

    python benchmarks/padding_price.py --threads 1 --repeats 21
"""
import torch
from harness import ROOT, finish, parse, start
from mmengine.registry import MODELS, DefaultScope
from padded_networks import CASES
from timing import time_alternately
from torch import Tensor, nn

from mmpconv.analysis.padding_comparison.plan import READY
from mmpconv.configs import load_config

ZERO, PARTIAL = 'zero', 'partial'
# Of which ready comparisons, and pixels (height, width) of what they see.
COMPARISONS = {'photos64': (64, 64), 'camvid': (96, 96)}


class Logits(nn.Module):
    """What a network of MMPretrain or MMSegmentation makes of images, `(N, classes)` or `(N, classes * h * w)`."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Logits of images `(N, 3, H, W)`."""
        return self.model(images, mode='tensor').flatten(1)


def build(comparison: str, network: str, padding: str) -> Logits:
    """A network of a ready comparison, with the same random weights for every padding."""
    config = load_config(str(ROOT / READY[comparison].template.format(network=network, padding=padding)))
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(config.get('default_scope', 'mmpretrain')):
        model = MODELS.build({'data_preprocessor': config.get('data_preprocessor'), **config.model})
        model.init_weights()
    return Logits(model)


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write."""
    args = parse(__doc__, argv, batch=32, repeats=21, modes=2)
    if args.modes > 2:
        raise SystemExit(f'--modes is {args.modes} but must be 1 (eager) or 2 (eager and compiled)')
    result = start('padding_price', args, 'mmpretrain', 'mmsegmentation')
    result.update(reference=ZERO, peer='the eager network', difference=0.0, measurements=[], targets=[])
    for comparison, size in COMPARISONS.items():
        images = torch.randn(args.batch, 3, *size, device=args.device)
        for network in READY[comparison].networks:
            eager = {padding: build(comparison, network, padding).to(args.device)
                     for padding in READY[comparison].paddings}
            for mode in ('eager', 'compiled')[:args.modes]:
                # Only these two: torch 2.11 compiles a backward pass of replicate padding that fails.
                networks = eager if mode == 'eager' else {
                    padding: torch.compile(eager[padding]) for padding in (ZERO, PARTIAL)}
                _measure(f'{network}, {mode}', networks, images, args, result)
            if args.modes == 2:
                result['difference'] = max(result['difference'], _difference(eager[PARTIAL], networks[PARTIAL], images))
    finish(result, args)


def _measure(name: str, networks: dict[str, nn.Module], images: Tensor, args, result: dict) -> None:
    for case, (step, training) in CASES.items():
        for module in networks.values():
            module.train(training)
            step(module, images)  # compiles it
        seconds = time_alternately(
            {padding: lambda module=module: step(module, images) for padding, module in networks.items()},  # noqa: B023
            args.repeats, args.device)
        result['measurements'] += [dict(case=f'{name}: {case}', candidate=padding, seconds=value)
                                   for padding, value in seconds.items()]
        most = 1.01 if 'compiled' in name and args.device.type == 'cuda' else 1.03
        result['targets'].append(dict(what=f'{name}: {case}, time of partial / zero padding', at_most=most,
                                      measured=seconds[PARTIAL]['median'] / seconds[ZERO]['median']))


@torch.no_grad()
def _difference(eager: nn.Module, compiled: nn.Module, images: Tensor) -> float:
    """Largest difference of the logits to those of the eager network, over their largest value."""
    expected, got = (module.eval()(images) for module in (eager, compiled))
    return ((got - expected).abs().max() / expected.abs().max()).item()


if __name__ == '__main__':
    main()
