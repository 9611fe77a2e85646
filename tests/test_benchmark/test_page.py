"""The command line from end to end: files, page, pictures and errors."""
import csv
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import cv2
import numpy as np
import pytest
import torch
from benchmark_samples import make_benchmark

from mmpconv.cli import main
from mmpconv.cli.benchmarks import TOOL
from mmpconv.reports import BEGIN, END

NAME = 'mean %41#1 & <script>alert("1")<'  # cannot be mistaken for part of a page or an address if it is escaped


class Page(HTMLParser):
    """What is on a page."""

    def __init__(self, text):
        super().__init__()
        self.images, self.references, self.tags, self.open, self.text = [], [], set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.add(tag)
        if tag == 'img':
            self.images.append(attributes)
        self.references += [attributes[name] for name in ('src', 'href') if name in attributes]
        if tag not in ('meta', 'img', 'br'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.text.append(' ')

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope='module')
def benchmark(tmp_path_factory):
    return make_benchmark(tmp_path_factory.mktemp('benchmark') / 'tiny')


@pytest.fixture(scope='module')
def folder(benchmark, tmp_path_factory):
    """What a comparison of two methods has written; one is a worse copy of the other."""
    folder = tmp_path_factory.mktemp('out')
    document = folder / 'docs.md'
    document.write_text(f'above\n{BEGIN.format(tool=TOOL)}\nold\n{END}\nbelow\n')
    main(['benchmark', str(benchmark.folder), 'telea', '--cases', '1', f'{NAME}=mean', '--work-dir',
          str(folder / 'work'), '--page', str(document)])
    return folder


@pytest.fixture(scope='module')
def page(folder):
    return Page((folder / 'work/index.html').read_text(encoding='utf-8'))


def test_every_picture_of_the_page_is_there_and_has_a_text(page, folder):
    assert not page.open and len(page.images) > 4 * 6
    for image in page.images:
        assert cv2.imread(str(folder / 'work' / unquote(image['src']))) is not None, image['src']
        assert len(image['alt']) > 20
    assert any(NAME in image['alt'] for image in page.images)


def test_the_page_needs_nothing_from_elsewhere(page, folder):
    for reference in page.references:
        assert not re.match(r'\w+:|/', reference)
        assert reference.startswith('#') or (folder / 'work' / unquote(reference)).is_file()
    assert not page.tags & {'script', 'link', 'iframe'}
    assert '@import' not in ''.join(page.text) and 'url(' not in ''.join(page.text)


def test_names_are_escaped(page, folder):
    assert NAME in [text.strip() for text in page.text]
    assert '<script' not in (folder / 'work/index.html').read_text()


def test_pictures_are_those_of_the_methods(page, folder, benchmark):
    shown = {}
    for image in page.images:
        path = folder / 'work' / unquote(image['src'])
        if path.parent.parent.name == 'pictures':
            shown.setdefault(path.parent.name, []).append((path.stem, path))
        elif path.parent.parent.name == 'methods':
            shown.setdefault(path.stem, []).append((path.parent.name, path))
    samples = {sample.id: sample for sample in benchmark.samples}
    # The first of each bin.
    assert set(shown) >= {f's{number:04}' for number in range(0, 12, 2)}
    for identifier, pictures in shown.items():
        truth, mask = (load(samples[identifier]) for load in (benchmark.image, benchmark.mask))
        hole = mask[..., 0] == 1
        assert [name for name, _ in pictures] == ['hole', 'telea', NAME, 'truth']
        holed, telea, mean, original = (cv2.imread(str(path)) for _, path in pictures)
        np.testing.assert_array_equal(original, truth)
        assert (holed[hole] == 255).all()
        np.testing.assert_array_equal(mean[hole], np.broadcast_to(truth[~hole].mean(0).round(), mean[hole].shape))
        np.testing.assert_array_equal(telea[hole], cv2.inpaint(mean, mask, 3, cv2.INPAINT_TELEA)[hole])
        for picture in (holed, telea, mean):
            np.testing.assert_array_equal(picture[~hole], truth[~hole])
    assert {path.name for path in (folder / 'work/pictures').iterdir()} == set(shown)


def test_worst_and_best_are_those_of_the_scores(page, folder):
    with open(folder / 'work/per_image.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    text = ' '.join(' '.join(page.text).split())
    for method in ('telea', NAME):
        scores = {row['id']: float(row['l1']) for row in rows if row['method'] == method}
        for identifier, reason in ((max(scores, key=scores.get), 'worst'), (min(scores, key=scores.get), 'best')):
            section = text[text.index(f'{identifier} , hole'):]
            assert f'{method}: {reason} 1' in section[:section.index('photo with hole')]


def test_the_page_has_the_numbers_of_the_table(page, folder):
    for line in (folder / 'work/table.md').read_text().splitlines():
        if line.startswith('| L1 (%)'):
            numbers = re.findall(r'[\d.]+', line.partition('telea')[2])
            text = ''.join(page.text)
            cells = text[text.index('L1 (%)'):].partition('telea')[2]
            assert re.findall(r'[\d.]+', cells)[:len(numbers)] == numbers
            return
    pytest.fail('there is no L1 in the table')


def test_a_document_gets_table_csv_and_plot(folder):
    text = (folder / 'docs.md').read_text()
    results = text.partition(BEGIN.format(tool=TOOL))[2].partition(END)[0].strip()
    table = (folder / 'work/table.md').read_text()
    assert results.rsplit('\n\n', 1)[0] == table.rsplit('\n\n', 1)[0]
    assert results.endswith('![Scores](benchmarks/docs.png)')
    assert text.startswith('above\n') and text.endswith('\nbelow\n')
    assert (folder / 'benchmarks/docs.csv').read_bytes() == (folder / 'work/table.csv').read_bytes()
    assert (folder / 'benchmarks/docs.png').read_bytes() == (folder / 'work/plots/overview.png').read_bytes()


def test_the_notes_name_benchmark_machine_and_versions(folder, benchmark):
    notes = (folder / 'work/table.md').read_text()
    assert f'- Benchmark: tiny, 12 samples of 48 x 64 pixels (height x width), sha256 `{benchmark.sha256}`.' in notes
    assert '(6 and 6 samples)' in notes
    assert re.search(r'- Machine of telea, mean %41#1 & \\<script>.*: .+ cores.*; \d+ threads at a time\.', notes)
    assert notes.count(f'torch {torch.__version__.partition("+")[0]}') == notes.count('Versions') == 1


def test_a_second_time_nothing_is_computed_and_the_files_are_the_same(folder, benchmark, capsys):
    kept = {path: path.read_bytes() for path in (folder / 'work').rglob('*') if path.is_file()}
    (folder / 'work/pictures/no longer chosen').mkdir()
    main(['benchmark', str(benchmark.folder), 'telea', f'{NAME}=mean', '--cases', '1', '--work-dir',
          str(folder / 'work')])
    output = capsys.readouterr().out
    assert output.startswith(f'telea: all 12 samples are filled\n{NAME}: all 12 samples are filled\n\n')
    assert {path: path.read_bytes() for path in (folder / 'work').rglob('*') if path.is_file()} == kept
    assert not (folder / 'work/pictures/no longer chosen').exists()


@pytest.mark.parametrize('arguments, message', [
    (['{benchmark}', 'mean', '--jobs', '0'], '--jobs is 0 but must be at least 1'),
    (['{benchmark}', 'mean', '--batch-size', '0'], '--batch-size is 0 but must be at least 1'),
    (['{benchmark}', 'mean', '--cases', '-1'], '--cases is -1 but must be at least 0'),
    (['{benchmark}', 'mean', '--page', 'none.md'], '--page is none.md, which must be a Markdown file'),
    (['{benchmark}', 'nothing'], "'nothing' is no method"),
    (['{benchmark}/masks', 'mean'], 'is no benchmark'),
    (['{benchmark}', 'mean', '--image-root', '/none'], 'there is no folder /none'),
    (['{benchmark}', 'mean', '--lpips', '--lpips-net', 'resnet'], 'the net of LPIPS is .resnet. but must be one of'),
    (['{benchmark}', 'mean', '--lpips', '--lpips-backbone', '/none.pth'], '/none.pth.*--lpips-backbone FILE'),
])
def test_bad_arguments_give_one_sentence(benchmark, tmp_path, arguments, message):
    with pytest.raises(SystemExit, match=f'error: .*{message}') as error:
        main(['benchmark', *(argument.format(benchmark=benchmark.folder) for argument in arguments), '--work-dir',
              str(tmp_path / 'out')])
    assert '\n' not in str(error.value)
    assert not (tmp_path / 'out/methods').exists()


def test_no_gpu_is_said(benchmark, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(SystemExit, match='error: --device is cuda, but torch finds no GPU here'):
        main(['benchmark', str(benchmark.folder), 'mean', '--device', 'cuda'])


def test_a_photo_that_was_replaced_is_found(tmp_path):
    benchmark = make_benchmark(tmp_path / 'tiny')
    cv2.imwrite(str(benchmark.image_root / 'coffee.png'), np.zeros((72, 96, 3), np.uint8))
    with pytest.raises(SystemExit, match='error: the photo .*coffee.png is not the one that'):
        main(['benchmark', str(benchmark.folder), 'mean', '--work-dir', str(tmp_path / 'out')])
