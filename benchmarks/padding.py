"""Times a ResNet with partial padding against zero padding, NVIDIA's definition, and reflect and replicate padding.

    python benchmarks/padding.py --repeats 21
"""
import padded_networks
import torch
from harness import finish, parse, start
from padded_networks import CASES, DEPTHS, NETWORKS, NVIDIA, OURS, ZERO
from timing import time_alternately
from torch import Tensor, nn


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write."""
    args = parse(__doc__, argv, size=224, batch=8, layers=50, repeats=21)
    if args.layers not in DEPTHS:
        raise SystemExit(f"--layers is {args.layers} but torchvision's ResNets have {', '.join(map(str, DEPTHS))}")
    if args.size < 33:
        raise SystemExit(f'--size is {args.size} but must be at least 33: below that the last stage is one pixel '
                         'wide, which reflect padding cannot pad')
    result = start('padding', args)
    built = {name: padded_networks.build(name, args.layers).to(args.device) for name in NETWORKS}
    images = torch.randn(args.batch, 3, args.size, args.size, device=args.device)
    result['peer'], result['difference'] = NVIDIA, _difference(built, images)
    result['measurements'] = []
    for case, (step, training) in CASES.items():
        for network in built.values():
            network.train(training)
        # A step takes several times as long as an inference.
        seconds = time_alternately(
            {name: lambda network=network: step(network, images) for name, network in built.items()},  # noqa: B023
            (args.repeats + 1) // 2 if training else args.repeats, args.device)
        result['measurements'] += [dict(case=f'ResNet-{args.layers}: {case}', candidate=name, seconds=value)
                                   for name, value in seconds.items()]
    result['targets'] = _targets(result) if args.device.type == 'cpu' else []
    finish(result, args)


def _difference(built: dict[str, nn.Module], images: Tensor) -> float:
    """Largest difference of the logits to those by NVIDIA's definition, over their largest value."""
    expected, got = (padded_networks.inference(built[name].eval(), images) for name in (NVIDIA, OURS))
    return ((got - expected).abs().max() / expected.abs().max()).item()


def _targets(result: dict) -> list[dict]:
    """What this package set out to reach on a CPU at the default settings."""
    median = {(row['case'].split(': ')[1], row['candidate']): row['seconds']['median']
              for row in result['measurements']}
    return [dict(what=f'{case}: time of mmpconv / zero padding', at_most=most,
                 measured=median[case, OURS] / median[case, ZERO])
            for case, most in (('inference', 1.03), ('training step', 1.06))]


if __name__ == '__main__':
    main()
