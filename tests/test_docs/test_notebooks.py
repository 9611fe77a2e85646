"""The notebooks run from top to bottom, and what they show is what they give."""
import re
import sys
from pathlib import Path

import numpy as np
import pytest

nbformat = pytest.importorskip('nbformat', reason='pip install -r requirements/test.txt')
nbclient = pytest.importorskip('nbclient')
AsyncKernelManager = pytest.importorskip('jupyter_client').AsyncKernelManager

NOTEBOOKS = sorted((Path(__file__).parents[2] / 'docs/notebooks').glob('*.ipynb'))
NUMBER = re.compile(r'\d+\.?\d*')


@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, tmp_path, monkeypatch):
    for name in ('JUPYTER_CONFIG_DIR', 'JUPYTER_RUNTIME_DIR', 'IPYTHONDIR'):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv('PYTHONPATH', str(path.parents[2]))
    monkeypatch.setenv('PYTHONWARNINGS', 'ignore')
    monkeypatch.setenv('https_proxy', 'http://127.0.0.1:9')  # nothing is downloaded
    shown = nbformat.read(path, as_version=4)
    nbformat.validate(shown)
    assert path.stat().st_size < 100_000
    executed = nbformat.read(path, as_version=4)
    manager = AsyncKernelManager(kernel_name='python3', transport='ipc', ip=str(tmp_path / 'kernel'))
    assert manager.kernel_spec.argv[0] in ('python', sys.executable)  # and no other environment's kernel of this name
    nbclient.NotebookClient(executed, km=manager, timeout=300, resources=dict(metadata=dict(path=tmp_path))).execute()
    assert printed(shown).keys() == printed(executed).keys() != set()
    for cell, text in printed(executed).items():
        before = printed(shown)[cell]
        assert NUMBER.sub('', text) == NUMBER.sub('', before)
        np.testing.assert_allclose(*(list(map(float, NUMBER.findall(output))) for output in (text, before)), rtol=0.01)
    assert pictures(shown) == pictures(executed)


def printed(notebook):
    """What each cell prints, by its number."""
    texts = {number: ''.join(output.text for output in cell.outputs if output.get('name') == 'stdout')
             for number, cell in enumerate(notebook.cells) if cell.cell_type == 'code'}
    return {number: text for number, text in texts.items() if text}


def pictures(notebook):
    """The cells that show a picture."""
    return [number for number, cell in enumerate(notebook.cells) if cell.cell_type == 'code'
            and any('image/jpeg' in output.get('data', {}) for output in cell.outputs)]
