"""The commands of docs/web.md for other programs, as they stand there."""
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from served import ROOT, Served

pytestmark = pytest.mark.skipif(shutil.which('curl') is None, reason='curl is not installed')
COMMANDS = re.findall(r'^curl [^#\n]*', (ROOT / 'docs/web.md').read_text(), re.MULTILINE)


def test_curl_fills_in_one_request_and_step_by_step(tmp_path, cat, hole):
    Image.fromarray(cat).save(tmp_path / 'photo.jpg', quality=95)
    Image.fromarray(hole).save(tmp_path / 'mask.png')
    photo = np.array(Image.open(tmp_path / 'photo.jpg'))
    page = Served(tmp_path, '--model', 'telea')

    def run(command):
        command = command.replace('http://127.0.0.1:7860/', page.address)
        return subprocess.run(command, shell=True, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    once, opened, fill, download, delete = COMMANDS
    run(once)
    results = [np.array(Image.open(tmp_path / 'filled.png'))]
    (tmp_path / 'filled.png').unlink()
    first = json.loads(run(opened))['id']
    last = json.loads(run(fill.replace('ID', first)).splitlines()[-1])['photo']['id']
    run(download.replace('ID', last))
    results.append(np.array(Image.open(tmp_path / 'filled.png')))
    run(delete.replace('ID', first))
    assert 'no longer kept' in run(download.replace('ID', last).partition(' -o')[0])
    page.end()
    for result in results:
        assert (result == photo).all(2)[~hole].all() and (result != photo).any(2)[hole].mean() > 0.9
    np.testing.assert_array_equal(*results)
