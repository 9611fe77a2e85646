"""The documentation site: built without a warning; the reference has every public name; no link leads nowhere."""
import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

pytest.importorskip('mkdocs', reason='pip install -r requirements/docs.txt')

ROOT = Path(__file__).parents[2]
PUBLIC = json.loads((ROOT / 'tests/public_api.json').read_text())
# `conversion` is the older name of `padding`.
MODULES = [module for module in PUBLIC if re.fullmatch(r'mmpconv[\w.]*', module) and module != 'mmpconv.conversion']
REPOSITORY = 'https://github.com/mmpconv/mmpconv'


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """The built pages: their text, by path."""
    folder = tmp_path_factory.mktemp('site')
    done = subprocess.run([sys.executable, '-m', 'mkdocs', 'build', '--strict', '--quiet', '--site-dir', folder],
                          cwd=ROOT, capture_output=True, text=True, env={**os.environ, 'NO_MKDOCS_2_WARNING': '1'})
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.relative_to(folder): path.read_text() for path in folder.rglob('*.html')}


@pytest.mark.parametrize('module', MODULES)
def test_the_reference_has_every_public_name(site, module):
    anchors = {anchor for page in site.values() for anchor in re.findall(r'id="(mmpconv[\w.]*)"', page)}
    page = site[Path('api/models.html')]
    made = {f'mmpconv.models.{name}' for name in re.findall(r'<code>(pd\w+)</code>', page)}
    wanted = {f'{module}.{name}' for name in PUBLIC[module] if name not in ('__version__', 'hooks')}
    assert not wanted - anchors - made


def test_no_docstring_shows_its_markup(site):
    for path, page in site.items():
        if path.parts[0] == 'api':
            text = unescape(re.sub(r'<(script|style|pre|code).*?</\1>|<[^>]+>', '', page, flags=re.DOTALL))
            assert not re.findall(r'.*(?::(?:func|class|meth|mod|attr|data):|::\n|>>>).*', text), path


def test_links_of_the_site_lead_to_pages_and_files(site):
    """Those to the repository lead to files that are there; pages of notebooks are not seen by MkDocs."""
    for path, page in site.items():
        if path.name == '404.html':
            continue
        for link in map(unescape, re.findall(r'<(?:a|img)[^>]* (?:href|src)="([^"]+)"', page)):
            target = urlparse(link)
            if link.startswith((f'{REPOSITORY}/blob/main/', f'{REPOSITORY}/tree/main/')):
                assert (ROOT / unquote(target.path).split('/main/', 1)[1]).exists(), f'{path}: {link}'
            elif not target.scheme and target.path and not target.path.startswith('/'):
                place = os.path.normpath(path.parent / unquote(target.path))
                there = {str(other) for other in site} | {str(other.parent) for other in site}
                assert place in there or (ROOT / 'docs' / place).is_file() or 'assets' in place, f'{path}: {link}'


def test_pages_load_no_script_style_or_picture_from_elsewhere(site):
    for path, page in site.items():
        fetched = re.findall(r'<(?:script|img|iframe)[^>]* src="(https?:[^"]+)"|<link[^>]* href="(https?:[^"]+)"', page)
        assert not fetched, path
