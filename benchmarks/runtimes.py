"""Times filling by the PConv U-Net in PyTorch, compiled, as a program of torch.export, and in ONNX Runtime.

    python benchmarks/runtimes.py --repeats 21
"""
import networks
import runtime_networks
from harness import finish, parse, start
from runtime_networks import EAGER
from timing import time_alternately
from torch import Tensor


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write."""
    args = parse(__doc__, argv, size=256, batch=1, width=64, layers=7, repeats=11)
    if args.size % 8:
        raise SystemExit(f'--size is {args.size} but must be a multiple of 8')
    result = start('runtimes', args, 'onnx', 'onnxscript', 'onnxruntime')
    run = runtime_networks.runners(runtime_networks.build(args.width, args.layers), args.device, args.threads)
    result.update(reference=EAGER, peer=EAGER, difference=0.0, measurements=[])
    for size in (args.size, 2 * args.size):
        image, mask = networks.random_input(args.batch, size, args.device)
        inputs = (image + 1) / 2, 1 - mask
        result['difference'] = max(result['difference'], _difference(run, inputs))
        seconds = time_alternately({name: lambda run=function: run(*inputs) for name, function in run.items()},  # noqa: B023
                                   args.repeats, args.device)
        result['measurements'] += [dict(case=f'filling at {size} px', candidate=name, seconds=value)
                                   for name, value in seconds.items()]
    finish(result, args)


def _difference(run: dict, inputs: tuple[Tensor, Tensor]) -> float:
    """Largest difference of the colours, in [0, 1], to those of PyTorch."""
    expected = run[EAGER](*inputs).cpu()
    return max((function(*inputs).cpu() - expected).abs().max().item() for function in run.values())


if __name__ == '__main__':
    main()
