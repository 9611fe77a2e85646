"""The commands and programs in README and docs run as written, on less data and for fewer iterations."""
import json
import logging
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from mmengine.config import Config
from mmengine.registry import HOOKS, MODELS, DefaultScope, init_default_scope
from pages import PAGES, blocks, commands, is_pipe
from PIL import Image
from random_weights import write_random_weights
from tool_runs import NO_VALIDATION, NO_WORKERS, ROOT, SMALL
from torch import nn

import mmpconv
from mmpconv.analysis.padding_comparison import plan
from mmpconv.benchmark.methods import parse_methods
from mmpconv.cli.main import parse
from mmpconv.configs import load_config

SHORT = [*SMALL, *NO_WORKERS, *NO_VALIDATION, 'train_cfg.max_iters=3']
STAGE1_DIR = 'work_dirs/pconv_stage1_8xb12_places-256x256'


def is_program(block):
    """Others are configs with partial padding; fragments stand in blocks of the language ``py``."""
    return re.match('(import|from) ', block) is not None


# Those of the command mmpconv: test_documented_mmpconv.py.
COMMANDS = [command for command in commands() if not command.startswith('mmpconv ') and not is_pipe(command)]
PROGRAMS = [pytest.param(block, id=f'{page.stem}-{number}') for number, (page, block) in enumerate(blocks('python'))
            if is_program(block)]
CONFIG_SNIPPETS = list(dict.fromkeys(block for _, block in blocks('python') if not is_program(block)))


@pytest.mark.parametrize('command', COMMANDS)
def test_command_runs(command, run, folder, free_port, tmp_path):
    program, *args = shlex.split(command)
    if program == 'make':
        recipe = subprocess.run(['make', '-n', *args], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert {'demo': 'tools/demo.py', 'test': 'pytest', 'bench': 'benchmarks/', 'lint': 'ruff',
                'docs': 'mkdocs build --strict'}[args[0]] in recipe
        return
    if program == 'pip':  # tests/test_wheel.py builds the package
        assert args[0] == 'install' and args[1].startswith('.')
        extras = re.findall(r'\w+', args[1])
        assert all(extra == 'all' or (ROOT / f'requirements/{extra}.txt').is_file() for extra in extras)
        return
    if program == 'curl':  # tests/test_web runs those of this page
        assert command in (ROOT / 'docs/web.md').read_text()
        return
    if program == '.venv/bin/python':
        assert args[:2] == ['-m', 'pytest'] and (ROOT / args[2]).is_dir()
        return
    if re.search(r'\bmy_(config|paintings|network)\b', command):  # test_tutorials.py runs those of these pages
        assert any(command in (ROOT / f'docs/{page}.md').read_text() for page in ('train', 'add_a_dataset'))
        return
    script = args[0]
    assert (ROOT / script).is_file()
    if script.startswith('benchmarks/'):  # tests/test_benchmarks runs each of them
        assert (ROOT / 'tests/test_benchmarks').is_dir()
    elif script == 'tools/dist_train.sh':
        config, gpus = args[1:]
        assert int(gpus) >= 1
        options = [*SHORT, f'load_from={STAGE1_DIR}/iter_3.pth'] if 'stage2' in config else SHORT
        output = run('dist_train.sh', ROOT / config, 1, options=options, PORT=free_port)
        assert 'Saving checkpoint at 3 iterations' in output
    elif script == 'tools/train.py':  # tests/test_configs runs every config for an iteration
        assert load_config(str(ROOT / args[1])) and parse('train', args[1:])
    elif script == 'tools/test.py':
        args = [ROOT / args[1], f'{STAGE1_DIR}/iter_3.pth' if args[2] == 'CHECKPOINT' else args[2], *args[3:]]
        output = run('test.py', *args, options=[*SMALL, *NO_WORKERS])
        assert 'metrics written to metrics.json' in output and 'psnr' in output.lower()
    elif script == 'tools/compare_padding.py':  # tests/test_analysis runs it; here: that the configs are there
        args = parse('compare-padding', args[1:])
        args.work_dir = tmp_path
        compared = plan.resolve(args, ROOT)
        compared = replace(compared, template=str(ROOT / compared.template))
        assert plan.plan_runs(compared, args.seeds, tmp_path, args.cfg_options, args.gpus)
    elif script == 'tools/visualize_padding.py':
        output = run('visualize_padding.py', *args[1:])
        assert 'picture: work_dirs/padding.png' in output and (folder / 'work_dirs/padding.png').is_file()
    elif script == 'tools/visualize_tiles.py':  # tests/test_analysis runs it on networks
        assert parse('visualize-tiles', args[1:])
    elif script == 'tools/model_converters/convert_keys.py':  # test_padding_pages.py runs those of this page
        assert command in (ROOT / 'docs/nvidia.md').read_text()
    elif script.startswith('tools/dataset_converters/'):  # tests/test_dataset_converters runs them on data
        output = run(script.removeprefix('tools/'), *args[1:], status=1)
        assert re.search(r'^error: there (is no folder|are \d+ photos)', output, re.MULTILINE)
    elif script == 'tools/browse_dataset.py':
        output = run('browse_dataset.py', ROOT / args[1], *args[2:], '--count', 1)
        assert 'picture: work_dirs/places.png' in output and (folder / 'work_dirs/places.png').is_file()
    elif script == 'tools/plot_loss.py':
        for name in args[1:3]:
            (folder / name).mkdir(parents=True, exist_ok=True)
            (folder / name / 'losses.csv').write_text('iter,loss\n100,2.0\n200,1.5\n')
        assert 'picture: work_dirs/losses.png' in run('plot_loss.py', *args[1:])
    elif script == 'tools/model_converters/convert_inpainting.py':  # tests/test_checkpoints runs it
        assert len(args) == 3
    elif script == 'tools/benchmark.py':  # tests/test_benchmark runs it; here: that the methods are ones
        assert parse_methods(parse('benchmark', args[1:]).methods, 'cpu')
    elif script == 'tools/make_benchmark.py':  # tests/test_benchmark runs it on photos
        assert parse('make-benchmark', args[1:])
    elif script == 'tests/test_web/screenshot.py':
        if not any(map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))):
            pytest.skip('there is no Chromium')
        write_random_weights(ROOT / args[1], folder / args[2])
        (folder / 'docs').mkdir(exist_ok=True)
        subprocess.run([sys.executable, ROOT / script, ROOT / args[1], *args[2:]], cwd=folder, check=True)
        assert Image.open(folder / args[3]).width == 860
    else:
        pytest.fail(f'no test runs the documented command {command!r}: add one here')


@pytest.mark.parametrize('program', PROGRAMS)
def test_program_runs(program):
    subprocess.run([sys.executable, '-c', program], check=True)


@pytest.mark.parametrize('snippet', CONFIG_SNIPPETS)
def test_config_snippets_give_models_with_partial_padding(snippet, tmp_path):
    """Each is a whole config: its model is built as a runner builds it, without the pretrained weights."""
    (tmp_path / 'config.py').write_text(snippet)
    config = Config.fromfile(tmp_path / 'config.py')
    assert config.custom_imports == dict(imports=['mmpconv'])
    if config.default_scope != 'mmagic':  # whose models take no such argument
        config.model.pretrained = None
    init_default_scope(config.default_scope)
    with DefaultScope.overwrite_default_scope(config.default_scope):
        model = MODELS.build(config.model)
        for hook in config.get('custom_hooks', []):
            HOOKS.build(hook).before_run(SimpleNamespace(model=model, logger=logging.getLogger()))
    padded = [part for part in model.modules() if isinstance(part, nn.Conv2d) and any(part.padding)]
    assert len(padded) > 10 and all(isinstance(part, mmpconv.PartialConv2d) for part in padded)


def test_links_in_the_pages_lead_somewhere():
    for page in [*PAGES, *(ROOT / 'configs').glob('*/README.md')]:
        text = re.sub(r'^```.*?^```', '', page.read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r'\]\(([^)#]+)\)', text):
            assert '://' in target or (page.parent / target).exists(), f'{page.name} links to {target}'


def test_the_demo_fills_trains_on_and_says_where_everything_is(tmp_path):
    output = subprocess.run(
        [sys.executable, str(ROOT / 'tools/demo.py'), '--iters', '2', '--work-dir', str(tmp_path / 'demo')],
        cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert len(output.splitlines()) < 30
    first = output.splitlines()[0]
    assert '4 photos were filled' in first and first.endswith(f"look at {tmp_path / 'demo/demo.png'}")
    report = output[output.index('PSNR of the holes'):]
    for name in ('demo.png', 'before_after.png', 'iter_2.pth', 'metrics.json'):
        assert re.search(rf" {re.escape(str(tmp_path / 'demo' / name))}$", report, re.MULTILINE)
        assert (tmp_path / 'demo' / name).exists()
    before, after = (json.loads((tmp_path / 'demo' / name).read_text()) for name in ('metrics_before.json',
                                                                                     'metrics.json'))
    assert set(before) == {'MAE', 'PSNR', 'SSIM'} and before != after
    # Two small steps from the weights of the package, not from new ones.
    assert after['PSNR'] == pytest.approx(before['PSNR'], abs=0.05)
    for kind in ('scratches', 'text', 'object', 'strokes', 'mean'):
        telea, _, network, trained = map(float, re.search(rf'^{kind} +(.*)$', report, re.MULTILINE)[1].split())
        assert abs(network - trained) < 0.05
        assert min(network, trained) > telea
