"""Programs of torch.export."""
import json
import subprocess
import sys

import pytest
import torch
from exported_networks import SHAPES, random_photos

from mmpconv.apis import export as program_file
from mmpconv.apis.trained_network import load_picture_network
from mmpconv.errors import LaunchError

RUN_ALONE = """
import sys
for name in ('mmpconv', 'mmengine', 'mmcv', 'mmagic'):
    sys.modules[name] = None
import torch
description = {'mmpconv.json': ''}
network = torch.export.load(sys.argv[1], extra_files=description).module()
photos = torch.load(sys.argv[2])
with torch.inference_mode():
    torch.save([network(*photo) for photo in photos], sys.argv[3])
print(description['mmpconv.json'])
"""


def test_program_fills_photos_of_any_size_where_nothing_but_torch_is(trained, program, tmp_path):
    given, results = tmp_path / 'photos.pt', tmp_path / 'results.pt'
    photos = [random_photos(shape) for shape in SHAPES]
    torch.save([(image.masked_fill(hole == 1, torch.nan), hole) for image, hole in photos], given)
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', RUN_ALONE, program[0], given, results],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    description = json.loads(done.stdout)
    assert description['mmpconv.name'] == 'imagenet' and description['mmpconv.size'] == '256'
    network = load_picture_network(*trained('imagenet'))
    for (image, hole), (filled, reached) in zip(photos, torch.load(results)):
        with torch.inference_mode():
            expected, seen = network(image, hole)
        torch.testing.assert_close(filled, expected, rtol=0, atol=1e-5)
        assert torch.equal(reached, seen)


def test_a_program_that_computes_something_else_is_not_kept(monkeypatch, trained, program, tmp_path):
    monkeypatch.setattr(program_file, 'trace', lambda network: torch.export.load(program[0]))
    load = program_file.load_described

    def load_another(*args):
        network, description = load(*args)
        network.std.mul_(1.01)
        return network, description

    monkeypatch.setattr(program_file, 'load_described', load_another)
    with pytest.raises(LaunchError, match='program.pt2 was not written'):
        program_file.export_program(*trained('imagenet'), tmp_path / 'program.pt2')
    assert not list(tmp_path.iterdir())
