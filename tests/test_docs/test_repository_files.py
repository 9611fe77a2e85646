"""README, model zoo, citation file and issue templates say what the rest of the repository says."""
import pkgutil
import re
from pathlib import Path

import pytest
import yaml

from mmpconv.version import __version__

ROOT = Path(__file__).parents[2]
README = (ROOT / 'README.md').read_text()
ZOO = (ROOT / 'docs/model_zoo.md').read_text()


def test_the_readme_is_short_and_shows_first_what_one_looks_for():
    assert len(README.splitlines()) <= 120
    places = [README.index(text) for text in (
        'pip install', '![', '## Three ways', 'mmpconv inpaint', 'Inpainter()', 'mmpconv serve', '## Where to read on')]
    assert places == sorted(places)
    assert len(re.split(r'(?<=[.:])\s', README[README.index('Partial'):places[0]].replace('```bash', '').strip())) <= 2


def test_every_page_is_in_the_navigation_and_on_the_readme_or_the_first_page():
    text = README + (ROOT / 'docs/index.md').read_text()
    for page in (ROOT / 'docs').glob('*.md'):
        assert page.stem == 'index' or f'{page.name})' in text, page


def published():
    for path in sorted((ROOT / 'configs').glob('*/metafile.yml')):
        for model in yaml.safe_load(path.read_text())['Models']:
            if model.get('Weights'):
                yield pytest.param(model, id=model['Name'])


@pytest.mark.parametrize('model', list(published()))
def test_the_model_zoo_has_all_weights_with_their_figures(model):
    row, = (line for line in ZOO.splitlines() if line.startswith(f'| `{model["Name"]}`'))
    place, _, name = model['Weights'].partition('mmpconv://')
    assert (ROOT / 'mmpconv/checkpoints/weights' / name).is_file() and 'in the package' in row if name else place in row
    for result in model['Results']:
        for metric, value in result['Metrics'].items():
            assert f'{metric} {value}' in row


@pytest.fixture(scope='module')
def overall():
    """The last column of the model card's figures, by method and metric."""
    card = (ROOT / 'docs/model_card.md').read_text()
    overall, metric = {}, None
    for line in card[card.index('## Figures'):card.index('## Training')].splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if len(cells) == 9 and cells[1] != 'method' and set(cells[0]) - set(' -'):
            metric = cells[0]
        if len(cells) == 9 and metric and cells[8] and set(cells[8]) - set('-:'):
            overall.setdefault(cells[1], {})[metric] = float(cells[8].strip('*'))
    return overall


def test_the_readmes_figure_is_that_of_the_model_card(overall):
    psnr = {name: scores['PSNR (dB)'] for name, scores in overall.items()}
    gain = psnr['OrientedUNet'] - max(psnr['telea'], psnr['navier-stokes'])
    assert f"{gain:.2f} dB more PSNR than the better of\nOpenCV's two fillings" in README


def test_the_model_zoos_table_is_that_of_the_model_card(overall):
    rows = re.findall(r'^\| ([\w -]+) \| ([\d.*]+) \| ([\d.*]+) \| ([\d.*]+) \| ([\d.*]+) \|$', ZOO, re.MULTILINE)
    table = {row[0].removesuffix(' colour'): [float(cell.strip('*')) for cell in row[1:]] for row in rows}
    assert len(overall) > 4 and table == {
        name: [scores[column] for column in ('L1 in the hole (%)', 'PSNR (dB)', 'SSIM', 'seconds')]
        for name, scores in overall.items()}


def test_the_citation_file_is_of_this_version():
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert citation['version'] == __version__ and {'cff-version', 'message', 'title', 'authors'} <= set(citation)
    assert citation['repository-code'] in (ROOT / 'setup.py').read_text()
    assert [work['url'] for work in citation['references']] == [
        f'https://arxiv.org/abs/{paper}' for paper in ('1804.07723', '1811.11718')]


FORMS = sorted((ROOT / '.github/ISSUE_TEMPLATE').glob('[!c]*.yml'))


@pytest.mark.parametrize('path', FORMS, ids=lambda path: path.stem)
def test_issue_forms_are_ones(path):
    """As GitHub's syntax of issue forms asks."""
    form = yaml.safe_load(path.read_text())
    assert set(form) == {'name', 'description', 'labels', 'body'} and form['body']
    assert len({part['id'] for part in form['body']}) == len(form['body'])
    for part in form['body']:
        assert part['type'] in ('textarea', 'input', 'dropdown', 'checkboxes') and part['attributes']['label']


# Keys in an exported file's metadata, and the name of a file.
METADATA = {f'mmpconv.{key}' for key in ('channel_order', 'checkpoint_sha256', 'config', 'json', 'name', 'size')}


def test_modules_and_names_on_the_pages_exist():
    for page in [*ROOT.glob('*.md'), *(ROOT / 'docs').rglob('*.md'), *(ROOT / 'configs').glob('*/README.md')]:
        if page.name != 'CHANGELOG.md':
            for name in set(re.findall(r'\bmmpconv(?:\.\w+)+', page.read_text())) - METADATA:
                assert pkgutil.resolve_name(name), f'{page.name}: {name}'
