"""A small frozen benchmark, written by hand: 12 samples of 48 x 64 pixels, two a bin, one of them on the border."""
import hashlib
import json

import cv2
import numpy as np
import skimage.data

from mmpconv.benchmark.compare import Comparison
from mmpconv.benchmark.methods import parse_methods
from mmpconv.benchmark.score import Perception
from mmpconv.datasets.benchmark_files import BenchmarkSample, all_masks_sha256, mask_sha256, samples_to_csv
from mmpconv.datasets.frozen_benchmark import FrozenBenchmark

SIZE = (48, 64)
BINS = ('0.01-0.1', '0.1-0.2', '0.2-0.3', '0.3-0.4', '0.4-0.5', '0.5-0.6')
PHOTOS = ('astronaut', 'chelsea', 'coffee', 'rocket')
RATIOS = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55)


def hole(ratio, border):
    """A rectangle of about this share of the picture, in its middle or its upper left corner."""
    mask = np.zeros((*SIZE, 1), np.uint8)
    h, w = (round(side * ratio**0.5) for side in SIZE)
    top, left = (0, 0) if border else ((SIZE[0] - h) // 2, (SIZE[1] - w) // 2)
    mask[top:top + h, left:left + w] = 1
    return mask


def make_benchmark(folder, repeats=1, size=SIZE):
    """Write a benchmark and its photos; ``repeats`` times as many samples."""
    folder.mkdir(parents=True)
    (folder / 'masks').mkdir()
    hashes = {}
    for name in PHOTOS:
        path = folder / f'photos/{name}.png'
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), cv2.resize(getattr(skimage.data, name)()[..., ::-1], (96, 72)))
        hashes[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    samples = []
    for number in range(12 * repeats):
        bin, border, photo = number // 2 % 6, number % 2 == 1, PHOTOS[number % 4]
        mask = hole(RATIOS[bin], border)
        identifier = f's{number:04}'
        cv2.imwrite(str(folder / f'masks/{identifier}.png'), mask * 255)
        samples.append(BenchmarkSample(
            identifier, f'{photo}.png', (number % 5, number % 7, 60, 80), f'masks/{identifier}.png',
            float(mask.mean()), BINS[bin], border, hashes[photo], mask_sha256(mask)))
    text = samples_to_csv(samples)
    (folder / 'samples.csv').write_text(text)
    (folder / 'benchmark.json').write_text(json.dumps(dict(
        format=1, name='tiny', seed=0, size=SIZE, settings={}, bins=BINS, counts={},
        samples_sha256=hashlib.sha256(text.encode()).hexdigest(), masks_sha256=all_masks_sha256(samples))))
    (folder / 'location.json').write_text(json.dumps(dict(image_root='photos')))
    return FrozenBenchmark(folder)


def score_words(benchmark, words, folder, batch_size=8, jobs=2, restart=False, options=None):
    """Fill and score by the methods that a command line names; returns their rows by name."""
    comparison = Comparison(benchmark, parse_methods(words, 'cpu', options), folder, Perception(), jobs, batch_size)
    comparison.check(restart)
    comparison.fill()
    return comparison.score().rows
