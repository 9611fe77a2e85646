"""Times the PConv U-Net against MMagic's and against the same U-Net with plain convolutions.

    python benchmarks/network.py --repeats 21
"""
import io

import networks
import torch
from harness import finish, parse, start
from memory import peak_bytes
from networks import CASES, MMAGIC, NETWORKS, OURS, PLAIN
from timing import time_alternately
from torch import nn


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write."""
    args = parse(__doc__, argv, size=256, batch=2, width=64, layers=7, repeats=21)
    if args.layers < 4:
        raise SystemExit(f"--layers is {args.layers} but MMagic's network has at least 4")
    if args.size % 2**args.layers:
        raise SystemExit(f"--size is {args.size} but MMagic's network of {args.layers} layers takes "
                         f'multiples of {2**args.layers} only; change --size or --layers')
    result = start('network', args)
    built = {name: networks.build(name, args.width, args.layers).to(args.device) for name in NETWORKS}
    inputs = networks.random_input(args.batch, args.size, args.device)
    result['difference'] = _difference(built, inputs)
    result['measurements'] = []
    for case, (step, training) in CASES.items():
        for network in built.values():
            network.train(training)
        # A step takes several times as long as an inference.
        seconds = time_alternately(
            {name: lambda network=network: step(network, *inputs) for name, network in built.items()},  # noqa: B023
            (args.repeats + 1) // 2 if training else args.repeats, args.device)
        for name in NETWORKS:
            peak = peak_bytes(networks.run_alone, name, case, args.batch, args.size, args.width,
                              args.layers, args.device, device=args.device)
            result['measurements'].append(
                dict(case=case, candidate=name, seconds=seconds[name], peak_bytes=peak))
    result['checkpoint_bytes'] = {name: _checkpoint_bytes(network) for name, network in built.items()}
    result['targets'] = _targets(result) if args.device.type == 'cpu' else []
    finish(result, args)


def _difference(built: dict[str, nn.Module], inputs: tuple) -> float:
    """Largest difference to MMagic's output, over its largest value, once its weights are loaded."""
    built[OURS].load_state_dict(built[MMAGIC].state_dict())
    expected, got = (networks.inference(built[name].eval(), *inputs) for name in (MMAGIC, OURS))
    return ((got - expected).abs().max() / expected.abs().max()).item()


def _checkpoint_bytes(network: nn.Module) -> int:
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    return file.tell()


def _targets(result: dict) -> list[dict]:
    """What this package set out to reach on a CPU at the default settings."""
    median = {(row['case'], row['candidate']): row['seconds']['median'] for row in result['measurements']}
    sizes = result['checkpoint_bytes']
    targets = []
    for case, faster, slower in (('inference', 2.5, 1.10), ('training step', 1.5, 1.15)):
        ours = median[case, OURS]
        targets += [dict(what=f'{case}: time of MMagic / mmpconv', at_least=faster,
                         measured=median[case, MMAGIC] / ours),
                    dict(what=f'{case}: time of mmpconv / plain convolutions', at_most=slower,
                         measured=ours / median[case, PLAIN])]
    return targets + [dict(what='checkpoint: size of mmpconv / plain convolutions', at_most=1.0,
                           measured=sizes[OURS] / sizes[PLAIN])]


if __name__ == '__main__':
    main()
