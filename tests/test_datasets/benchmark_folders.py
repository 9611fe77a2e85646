"""A benchmark written by hand, with other libraries than the package's."""
import csv
import hashlib
import json

import cv2
import numpy as np
from PIL import Image

SIZE = (32, 48)


def write_benchmark(folder, photos, boxes, size=SIZE):
    """Write a benchmark of one sample a photo; returns its masks ``(h, w)`` in {0, 1}."""
    rng = np.random.default_rng(0)
    (folder / 'masks').mkdir(parents=True)
    masks, rows = [], []
    for number, (photo, box) in enumerate(zip(photos, boxes)):
        mask = np.zeros(size, np.uint8)
        mask[number:number + 9, 5:20 + int(rng.integers(10))] = 1
        masks.append(mask)
        name = f'masks/{number:05}.png'
        Image.fromarray(mask * 255).save(folder / name)
        rows.append([f'{number:05}', photo.name, *box, name, mask.mean(), '0.01-0.2', int(number == 0),
                     hashlib.sha256(photo.read_bytes()).hexdigest(), hashlib.sha256(mask.tobytes()).hexdigest()])
    with open(folder / 'samples.csv', 'w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['id', 'image', 'top', 'left', 'height', 'width', 'mask', 'hole_ratio', 'bin', 'border',
                         'image_sha256', 'mask_sha256'])
        writer.writerows(rows)
    description = dict(
        format=1, name='by-hand', seed=0, size=size, settings={}, bins=['0.01-0.2'], counts={},
        samples_sha256=hashlib.sha256((folder / 'samples.csv').read_bytes()).hexdigest(),
        masks_sha256=hashlib.sha256(''.join(row[-1] for row in rows).encode()).hexdigest())
    (folder / 'benchmark.json').write_text(json.dumps(description))
    (folder / 'location.json').write_text(json.dumps(dict(image_root='../photos')))
    return masks


def write_photos(folder, photo):
    """``plain.png`` and ``upright.jpg``, which is stored lying and says so in its EXIF; returns their paths."""
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / 'plain.png'), photo)
    lying = Image.fromarray(photo[..., ::-1]).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    lying.save(folder / 'upright.jpg', quality=95, exif=exif)
    return [folder / 'plain.png', folder / 'upright.jpg']
