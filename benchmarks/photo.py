"""Times filling a hole in photos of different sizes, and the memory that it takes.

    python benchmarks/photo.py --repeats 3
"""
import math
import warnings

import networks
import numpy as np
import torch
from harness import finish, parse, start
from memory import peak_bytes
from networks import MMAGIC, OURS
from timing import time_alternately

import mmpconv.registry  # noqa: F401  (before anything of MMagic)
from mmpconv.apis import Inpainter
from mmpconv.apis.torch_network import PictureNetwork, TorchNetwork
from mmpconv.models import PConvInpaintor
from mmpconv.photos import PhotoWarning

# Height, width, and share of the photo that is hole; 5 % of 12 megapixels are what bounds are set for.
CASES = {
    '12 megapixels, a hole of 5 %': (3000, 4000, 0.05),
    '12 megapixels, a hole of 1 %': (3000, 4000, 0.01),
    '3 megapixels, the same hole of 4 %': (1500, 2000, 0.04),
    '0.8 megapixels, a hole of 5 %': (768, 1024, 0.05),
}
ALL, FEW, SMALL, PEER = CASES


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write."""
    args = parse(__doc__, argv, width=64, layers=7, percent=100, repeats=3)
    result = start('photo', args)
    result['difference'] = _difference(args)
    result['measurements'] = []
    inpainter, peer = build_inpainter(args.width, args.layers, args.device), build_peer(args)
    for case in CASES:
        photo, hole = picture(case, args.percent)
        candidates = {OURS: lambda photo=photo, hole=hole: fill(inpainter, photo, hole)}
        if case == PEER:
            candidates[MMAGIC] = lambda photo=photo, hole=hole: fill_whole(peer, photo, hole)
        for name, seconds in time_alternately(candidates, args.repeats, args.device).items():
            peak = peak_bytes(run_alone, name, case, args.percent, args.width, args.layers, args.device,
                              device=args.device)
            result['measurements'].append(dict(case=case, candidate=name, seconds=seconds, peak_bytes=peak))
    result['targets'] = _targets(result)
    finish(result, args)


def build_inpainter(width: int, layers: int, device: torch.device) -> Inpainter:
    """One of random weights, for photos of 256 pixels."""
    model = PConvInpaintor(dict(type='DataPreprocessor'), dict(
        type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', width=width, num_layers=layers),
        decoder=dict(type='PConvDecoder', width=width, num_layers=layers)))
    colors = model.data_preprocessor
    network = PictureNetwork(model.generator, colors.mean, colors.std, rgb=True, size=256)
    return Inpainter(TorchNetwork(network, str(device), 'float32'))


def build_peer(args) -> torch.nn.Module:
    """MMagic's network."""
    return networks.build(MMAGIC, args.width, args.layers).to(args.device).eval()


def picture(case: str, percent: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """A photo of noise, ``(h, w, 3)`` uint8, and a round hole in its middle, ``(h, w)`` bool.

    Args:
        percent: Of the sides of the case; other sizes are for trying out.
    """
    height, width, share = CASES[case]
    height, width = (-(-side * percent // 100 // 128) * 128 if case == PEER else side * percent // 100
                     for side in (height, width))
    photo = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    y, x = np.ogrid[:height, :width]
    return photo, (y - height / 2)**2 + (x - width / 2)**2 < share * height * width / math.pi


def fill(inpainter: Inpainter, photo: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """As a user does."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', PhotoWarning)
        return inpainter(photo, hole)


def fill_whole(network: torch.nn.Module, photo: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """As MMagic's inferencer does: the whole photo at once."""
    device = next(network.parameters()).device
    mask = torch.from_numpy(~hole).to(device)[None, None].float().repeat(1, 3, 1, 1)
    image = torch.from_numpy(photo).to(device).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        output = network(image * mask, mask)[0]
    filled = ((output + 1) * 127.5).clamp(0, 255).round().byte()[0].permute(1, 2, 0).cpu().numpy()
    return np.where(hole[..., None], filled, photo)


def run_alone(name: str, case: str, percent: int, width: int, layers: int, device: torch.device) -> None:
    """Build a network and fill one photo, for the memory that this takes."""
    photo, hole = picture(case, percent)
    if name == OURS:
        fill(build_inpainter(width, layers, device), photo, hole)
    else:
        fill_whole(networks.build(name, width, layers).to(device).eval(), photo, hole)


def _difference(args) -> float:
    """Largest difference to MMagic's network in a small hole, over the range of colours, with its weights."""
    inpainter, peer = build_inpainter(args.width, args.layers, args.device), build_peer(args)
    inpainter.network._network.generator.load_state_dict(peer.state_dict())
    photo = np.random.default_rng(0).random((256, 256, 3), np.float32)
    y, x = np.ogrid[:256, :256]
    hole = (y - 100)**2 + (x - 140)**2 < 30**2
    ours = inpainter(photo, hole)
    mask = torch.from_numpy(~hole).to(args.device)[None, None].float().repeat(1, 3, 1, 1)
    image = torch.from_numpy(photo).to(args.device).permute(2, 0, 1)[None] * 2 - 1
    with torch.no_grad():
        expected = (peer(image * mask, mask)[0][0].permute(1, 2, 0).cpu().numpy() + 1) / 2
    return float(np.abs(ours - expected.clip(0, 1))[hole].max())


def _targets(result: dict) -> list[dict]:
    """The bounds that this package has set itself."""
    rows = {(row['case'], row['candidate']): row for row in result['measurements']}
    median = {key: row['seconds']['median'] for key, row in rows.items()}
    return [
        dict(what=f'{ALL}: peak memory with the network, in GB', at_most=2.0,
             measured=rows[ALL, OURS]['peak_bytes'] / 1e9),
        dict(what='12 megapixels: time for a hole of 5 % / 5 x time for one of 1 %', at_most=1.2,
             measured=median[ALL, OURS] / median[FEW, OURS] / 5),
        dict(what='the same hole: time in 12 megapixels / time in 3 megapixels', at_most=1.2,
             measured=median[FEW, OURS] / median[SMALL, OURS]),
    ]


if __name__ == '__main__':
    main()
