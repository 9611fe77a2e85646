"""What the benchmarks share around the measurement: arguments, the machine, the result file."""
import argparse
import os
import platform
import subprocess
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

import torch
from tables import show

from mmpconv.whole_files import write_json

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'docs' / 'benchmarks'


def parse(description: str, argv: list[str] | None, files: dict[str, str] | None = None,
          **defaults: int) -> argparse.Namespace:
    """Arguments of a benchmark: ``--device``, ``--threads``, ``--json`` and one integer for each default.

    Args:
        files: Help of further arguments, by name: paths that exist, or None where they are not given.

    Returns:
        Namespace: ``device`` is a :class:`torch.device`; threads are set.
    """
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for name, value in defaults.items():
        parser.add_argument(f'--{name}', type=int, default=value, help='an integer')
    for name, text in (files or {}).items():
        parser.add_argument(f'--{name}', type=Path, metavar='PATH', help=text)
    parser.add_argument('--device', choices=['auto', 'cpu', 'cuda'], default='auto',
                        help='auto takes a GPU where there is one')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads(), help='of the CPU')
    parser.add_argument('--json', type=Path, help='result file; by default in docs/benchmarks')
    args = parser.parse_args(argv)
    for name in defaults:
        if getattr(args, name) < 1:
            parser.error(f'--{name} is {getattr(args, name)} but must be at least 1')
    for name in files or {}:
        if getattr(args, name) and not getattr(args, name).exists():
            parser.error(f'--{name}: there is no {getattr(args, name)}')
    if args.device == 'cuda' and not torch.cuda.is_available():
        parser.error('--device cuda: torch finds no GPU; use --device cpu')
    if args.device == 'auto':
        args.device = 'cuda' if torch.cuda.is_available() else 'cpu'
    args.device = torch.device(args.device)
    args.settings = {name: getattr(args, name) for name in defaults}
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    return args


def start(benchmark: str, args: argparse.Namespace, *packages: str) -> dict:
    """The result so far: everything but the measurements. ``packages`` are further ones whose versions matter."""
    return dict(benchmark=benchmark, device=args.device.type, commit=_commit(), versions=_versions(packages),
                date=datetime.now(timezone.utc).strftime('%Y-%m-%d'), hardware=_hardware(args),
                settings=args.settings)


def finish(result: dict, args: argparse.Namespace) -> None:
    """Print the result's tables and write it as JSON."""
    # A machine that others use shows in this alone: the benchmark itself makes a load of its threads.
    result['hardware']['load_after'] = _load()
    show(result)
    path = args.json or RESULTS / f"{result['benchmark']}-{result['device']}.json"
    write_json(path, result)
    print(f'Written: {path}')


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    versions = dict(python=platform.python_version())
    for name in ('torch', 'torchvision', 'mmengine', 'mmcv', 'mmcv-lite', 'mmagic', 'mmpconv', *packages):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _commit() -> str | None:
    try:
        done = subprocess.run(['git', 'describe', '--always', '--dirty', '--exclude', '*'], cwd=ROOT,
                              capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None


def _load() -> float:
    return round(os.getloadavg()[0], 2)


def _hardware(args: argparse.Namespace) -> dict:
    info = Path('/proc/cpuinfo')
    models = [line.split(':')[1].strip() for line in info.read_text().splitlines()
              if line.startswith('model name')] if info.exists() else []
    return dict(cpu=models[0] if models else platform.processor() or platform.machine(),
                cores=os.cpu_count(), threads=args.threads, load_before=_load(),
                gpu=torch.cuda.get_device_name(args.device) if args.device.type == 'cuda' else None)
