"""The demo: photos filled at once by the network of the package, and again after it was trained on."""
import itertools
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

import mmpconv.registry  # noqa: F401  (before anything of MMagic)
from mmpconv.apis.inpainter import Inpainter
from mmpconv.configs import load_config
from mmpconv.datasets.masks import irregular_mask
from mmpconv.evaluation.image_metrics import image_metrics
from mmpconv.photos.structure import encode_png
from mmpconv.reports import save
from mmpconv.whole_files import write_bytes

# Those of scikit-image's photos that lie in its wheel. The last four are never trained on: they are what is filled.
TRAINING_PHOTOS = ('stereo_motorcycle', 'immunohistochemistry', 'hubble_deep_field', 'retina')
HELD_OUT_PHOTOS = ('chelsea', 'astronaut', 'coffee', 'rocket')
TILE = 256  # pixels of a held-out photo that make up one test image


def write_photos(folder: Path) -> None:
    """Write scikit-image's photos as ``train/*.png``, and tiles of the held-out ones as ``val/*.png``.

    Args:
        folder: Is made if it is missing.
    """
    for photo in TRAINING_PHOTOS:
        write_bytes(folder / 'train' / f'{photo}.png', encode_png(read_photo(photo)[..., ::-1]))
    for photo in HELD_OUT_PHOTOS:
        image = read_photo(photo)
        # Evenly spread, so that they reach all borders.
        rows, columns = (np.linspace(0, size - TILE, -(-size // TILE)).astype(int) for size in image.shape[:2])
        for top, left in itertools.product(rows, columns):
            tile = image[top:top + TILE, left:left + TILE, ::-1]
            write_bytes(folder / 'val' / f'{photo}_{top}_{left}.png', encode_png(tile))


def read_photo(name: str) -> np.ndarray:
    """A photo of scikit-image, ``(h, w, 3)`` uint8, RGB."""
    from skimage import data

    image = getattr(data, name)()
    return image[0] if isinstance(image, tuple) else image  # a stereo pair and its disparity


_TEXT = ('partial convolutions', 'fill what was', 'written over', 'a photograph', '2018 - 2026')


@dataclass(frozen=True)
class Damaged:
    """A photo, and what is missing of it.

    Attributes:
        kind: Cause of the hole; the name of its files.
        truth: ``(h, w, 3)`` uint8, RGB.
        hole: ``(h, w)`` bool.
    """

    kind: str
    truth: np.ndarray
    hole: np.ndarray

    @property
    def photo(self) -> np.ndarray:
        """The photo with its hole white; ``(h, w, 3)`` uint8, RGB."""
        return np.where(self.hole[..., None], np.uint8(255), self.truth)


def damaged_photos() -> list[Damaged]:
    """Photos that are never trained on, at full resolution, one of each kind; the same ones each time."""
    photos = zip(_KINDS.items(), map(read_photo, HELD_OUT_PHOTOS), strict=True)
    return [Damaged(kind, truth, draw_hole(np.random.default_rng(0), truth.shape[:2]).astype(bool))
            for (kind, draw_hole), truth in photos]


def _scratches(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Long lines of 1 to 4 pixels, nearly straight, from border to border, most of them upright as in old films."""
    mask, (height, width) = np.zeros(size, np.uint8), size
    for scratch in range(24):
        upright = scratch % 4 > 0
        length, across = (height, width) if upright else (width, height)
        along = np.linspace(0, length, 9)
        beside = rng.uniform(0, across) + np.cumsum(rng.normal(0, across / 60, 9))
        line = np.stack([beside, along] if upright else [along, beside], 1)
        cv2.polylines(mask, [line.round().astype(np.int32)], False, 1, int(rng.integers(1, 5)))
    return mask


def _text(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Lines of writing over all of the photo."""
    mask, (height, width) = np.zeros(size, np.uint8), size
    font, thickness = cv2.FONT_HERSHEY_DUPLEX, 3
    for line, words in enumerate(_TEXT, 1):
        scale = min(0.94 * width / cv2.getTextSize(words, font, 1, thickness)[0][0], height / 270)
        place = int(0.03 * width), int(height * (line - 0.25) / len(_TEXT))
        cv2.putText(mask, words, place, font, scale, 1, thickness)
    return mask


def _object(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A blob of the size of a thing that was in the way."""
    mask, (height, width) = np.zeros(size, np.uint8), size
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radius = height * (0.13 + 0.02 * np.sin(3 * angles + 1) + 0.015 * np.sin(5 * angles))
    outline = np.stack([0.79 * width + radius * np.cos(angles), 0.62 * height + 1.25 * radius * np.sin(angles)], 1)
    return cv2.fillPoly(mask, [outline.round().astype(np.int32)], 1)


def _strokes(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Strokes of a brush, as networks are trained with."""
    return irregular_mask(rng, size, brush_width=(8, 24), area_ratio_range=(0.15, 0.25))[..., 0]


_KINDS: dict[str, Callable[[np.random.Generator, tuple[int, int]], np.ndarray]] = {
    'scratches': _scratches, 'text': _text, 'object': _object, 'strokes': _strokes}


Fillings = Mapping[str, Sequence[np.ndarray]]  # those of a method, one for each damaged photo, RGB


def draw(damaged: Sequence[Damaged], fillings: Fillings, path: Path) -> None:
    """Draw a row a photo: with its hole, filled by each method, truth.

    Args:
        damaged: The photos.
        fillings: The columns between, by what is written over them.
        path: The picture to write.
    """
    columns = {'photo with hole': [one.photo for one in damaged], **fillings, 'truth': [one.truth for one in damaged]}
    heights = [one.truth.shape[0] / one.truth.shape[1] for one in damaged]
    figure = Figure(figsize=(4.2 * len(columns), 4.2 * sum(heights) + 0.6), layout='constrained')
    axes = figure.subplots(len(damaged), len(columns), squeeze=False, height_ratios=heights)
    for column, (title, images) in zip(axes.T, columns.items()):
        column[0].set_title(title)
        for axis, image in zip(column, images, strict=True):
            axis.imshow(image, interpolation='antialiased')
            axis.set_axis_off()
    save(figure, path, dpi=100)


def table(damaged: Sequence[Damaged], fillings: Fillings) -> str:
    """PSNR over the hole in dB: a line a photo, a column a method; and the means of it and of SSIM."""
    scores = {name: [_scores(one, image) for one, image in zip(damaged, images, strict=True)]
              for name, images in fillings.items()}
    width = max(map(len, scores)) + 2
    rows = [('', *scores)]
    rows += [(one.kind, *(f'{score[row][0]:.2f}' for score in scores.values())) for row, one in enumerate(damaged)]
    for place, (name, digits) in enumerate((('mean', 2), ('mean SSIM', 4))):
        means = (np.mean([score[place] for score in scored]) for scored in scores.values())
        rows.append((name, *(f'{mean:.{digits}f}' for mean in means)))
    return '\n'.join(f'{first:<10}' + ''.join(f'{cell:>{width}}' for cell in cells) for first, *cells in rows)


def _scores(one: Damaged, image: np.ndarray) -> tuple[float, float]:
    """PSNR over the hole, in dB, and SSIM over the photo."""
    metrics = image_metrics(image, one.truth, one.hole[..., None].astype(np.uint8))
    # All the error is in the hole, so its mean over the hole is greater by the inverse of the hole ratio.
    return metrics['psnr'] + 10 * math.log10(one.hole.mean()), metrics['ssim']


CONFIG = 'mmpconv::oriented_unet/oriented-unet_demo_1xb4_photos-128x128.py'
BASELINES = ('telea', 'oriented')


def show(work_dir: Path, iterations: int | None = None) -> None:
    """Fill photos, train the network on with other photos, test it, and fill the same photos again.

    Args:
        work_dir: Folder of all results.
        iterations: Of the training; default: 200.

    Raises:
        SystemExit: The training or a test failed, and has said why.
    """
    damaged = damaged_photos()
    filled = _fill_at_once(damaged, work_dir)
    trained = _train_on(work_dir, iterations)
    _compare(damaged, filled, trained, work_dir)


def _fill_at_once(damaged: list[Damaged], work_dir: Path) -> list[np.ndarray]:
    inpainter = Inpainter()
    start = time.perf_counter()
    filled = [inpainter(one.photo, one.hole) for one in damaged]
    seconds = time.perf_counter() - start
    picture = work_dir / 'demo.png'
    for one, result in zip(damaged, filled):
        for folder, image in (('damaged', one.photo[..., ::-1]), ('masks', one.hole * np.uint8(255)),
                              ('filled', result[..., ::-1])):
            write_bytes(work_dir / folder / f'{one.kind}.png', encode_png(image))
    draw(damaged, {'filled': filled}, picture)
    print(f'{len(filled)} photos were filled in {seconds:.1f} s by the network of the package, which has seen none of '
          f'them; look at {picture}', flush=True)
    return filled


def _train_on(work_dir: Path, iterations: int | None) -> Path:
    """Test the network of the package, train it on, test it again; returns the checkpoint."""
    photos = work_dir / 'photos'
    write_photos(photos)
    options = [f'{loader}_dataloader.dataset.data_root={photos}' for loader in ('train', 'val', 'test')]
    config = load_config(CONFIG)
    iterations = iterations or config.train_cfg.max_iters
    options += [f'train_cfg.max_iters={iterations}', f'param_scheduler.0.T_max={iterations}',
                f'train_cfg.val_interval={iterations}', f'default_hooks.checkpoint.interval={iterations}']
    checkpoint = work_dir / f'iter_{iterations}.pth'
    before, after = work_dir / 'metrics_before.json', work_dir / 'metrics.json'

    print(f'\ntraining it on for {iterations} iterations, on 4 other photos, by mmpconv train; testing it before and '
          'after by mmpconv test: about two minutes on 2 CPU cores', flush=True)
    _mmpconv('test', config.load_from, work_dir / 'before', options, before)
    _mmpconv('train', None, work_dir, options)
    _mmpconv('test', checkpoint, work_dir / 'after', options, after)
    metrics = [json.loads(file.read_text()) for file in (before, after)]
    changes = ', '.join(f'{name} {metrics[0][name]:.3f} -> {metrics[1][name]:.3f}' for name in sorted(metrics[0]))
    print(f'\nbefore -> after, on tiles of the photos that were filled: {changes}')
    return checkpoint


def _compare(damaged: list[Damaged], filled: list[np.ndarray], checkpoint: Path, work_dir: Path) -> None:
    fillings = {}
    for name in BASELINES:
        baseline = Inpainter(name)
        fillings[name] = [baseline(one.photo, one.hole) for one in damaged]
    inpainter = Inpainter(checkpoint=checkpoint)
    fillings['network, before'] = filled
    fillings['network, after'] = [inpainter(one.photo, one.hole) for one in damaged]
    picture = work_dir / 'before_after.png'
    draw(damaged, fillings, picture)
    print(f'\nPSNR of the holes in dB (more is better), at full resolution:\n\n{table(damaged, fillings)}\n')
    for name, path in (('first picture', work_dir / 'demo.png'), ('before, after', picture),
                       ('checkpoint', checkpoint), ('metrics', work_dir / 'metrics.json')):
        print(f'{name:<15}{path}')
    print('\nYour photos: mmpconv inpaint PHOTO MASK -o FILLED')


def _mmpconv(command: str, checkpoint: str | Path | None, work_dir: Path, options: Sequence[str],
             out: Path | None = None) -> None:
    """Run a command of mmpconv as a user would, but without its log; stop with its status if it fails."""
    arguments = [command, CONFIG] + ([checkpoint] if checkpoint else []) + ['--work-dir', work_dir]
    arguments += ['--out', out] if out else []
    arguments += ['--cfg-options', *options, 'log_level=ERROR']
    status = subprocess.run([sys.executable, '-m', 'mmpconv', *map(str, arguments)]).returncode
    if status:
        sys.exit(status)
