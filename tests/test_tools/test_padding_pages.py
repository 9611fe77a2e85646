"""What the pages on partial padding say: commands fit the tools and configs, and every config is listed."""
import re
import shlex
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config
from tool_runs import ROOT
from torchvision.models import resnet50

from mmpconv.analysis.padding_comparison.plan import resolve
from mmpconv.cli.main import parse
from mmpconv.configs import load_config
from mmpconv.engine.launch import apply_common

NVIDIA = (ROOT / 'docs/nvidia.md').read_text()
PADDING = ROOT / 'configs/partial_padding'
README = (PADDING / 'README.md').read_text()
RESNET = 'configs/partial_padding/imagenet/resnet50-partial_8xb24_in1k.py'
CONFIGS = sorted(PADDING.glob('*/*.py'))
CHECKPOINT = re.compile(r'\b(FILE|CHECKPOINT)\b')

COMMANDS = sorted({*re.findall(r'`((?:bash|python) tools/[^`]* [^`]*)`', NVIDIA),
                   *re.findall(r'^(?:bash|python) tools/.*', README, re.MULTILINE)})
DEFAULTS = re.findall(r'^\| `(?:-b|-j|--epochs|--lr|--momentum) .*`--cfg-options ([^`]*)`', NVIDIA, re.MULTILINE)
OPTIONS = sorted(set(re.findall(r'`--cfg-options ([^`]*)`', NVIDIA) + ['randomness.deterministic=True']))
# What a config does not have until it is set. Runs of tests/test_configs set them.
NEW = re.compile(r'_dataloader\.dataset\.data_prefix|backbone\.init_cfg\.')


def assert_known(config, options):
    """Each option changes an entry that is there: a misspelt one would be added in silence."""
    for key in options:
        place = config
        for part in [] if NEW.search(key) else key.split('.'):
            assert part in place, key
            place = place[part]


@pytest.mark.parametrize('command', COMMANDS)
def test_command_fits_the_tool_and_the_config(command, tmp_path):
    program, script, *args = shlex.split(command)
    assert (ROOT / script).is_file() and program == ('bash' if script.endswith('.sh') else 'python')
    if script.startswith('tools/dist_'):
        gpus = int(args.pop(2 if script == 'tools/dist_test.sh' else 1))
        assert f'_{gpus}xb' in args[0]
    if script == 'tools/compare_padding.py':  # test_documented_commands.py reads those of other pages
        options = parse('compare-padding', args)
        options.work_dir = tmp_path
        assert set(options.paddings or ()) <= set(resolve(options, ROOT).paddings)
        return
    args = parse('test' if 'test' in script else 'train', args)
    assert (ROOT / args.config).is_file()
    config = load_config(str(ROOT / args.config))
    assert_known(config, args.cfg_options or {})
    apply_common(config, args)
    if 'test' in script:
        assert CHECKPOINT.fullmatch(args.checkpoint)


@pytest.mark.parametrize('options', OPTIONS)
def test_option_of_the_table_is_one_of_the_config(options):
    given = parse('train', [RESNET, '--cfg-options', *shlex.split(options)]).cfg_options
    assert_known(Config.fromfile(ROOT / RESNET), given)


@pytest.mark.parametrize('options', DEFAULTS)
def test_nvidias_defaults_are_the_configs(options):
    """The table sets its options to the defaults of main.py (32 workers: of its README), so nothing changes."""
    assert len(DEFAULTS) == 5
    config = Config.fromfile(ROOT / RESNET)
    before = config.to_dict()
    config.merge_from_dict(parse(
        'train',
        [RESNET, '--cfg-options', *shlex.split(options)]).cfg_options)
    assert config.to_dict() == before


def test_the_conversion_on_the_page_runs(folder, run):
    with torch.device('meta'):
        names = list(resnet50().state_dict())
    weights = {name: torch.rand(2) for name in names}
    torch.save(dict(epoch=100, arch='pdresnet50', state_dict={f'module.{name}': weights[name] for name in names}),
               folder / 'model_best.pth.tar')
    block, = re.findall(r'^```bash\n(.*?)^```', NVIDIA, re.MULTILINE | re.DOTALL)
    for line in block.splitlines():
        program, script, *args = shlex.split(line)
        output = run(script.removeprefix('tools/'), *args, '--force')
        assert program == 'python' and f'{len(names)} weights' in output
    back = torch.load(folder / 'back.pth', weights_only=True)
    assert list(back) == names and all(torch.equal(back[name], weights[name]) for name in names)


def test_readme_and_metafile_list_every_config():
    links = re.findall(r'\(((?:imagenet|cityscapes|digits|photos64|camvid)/[^)]*)\)', README)
    assert {PADDING / link for link in links} >= set(CONFIGS)
    models = yaml.safe_load((PADDING / 'metafile.yml').read_text())['Models']
    assert sorted(ROOT / model['Config'] for model in models) == CONFIGS
    assert all(model['Name'] == Path(model['Config']).stem for model in models)
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
    assert set(index) == {str(path.relative_to(ROOT)) for path in (ROOT / 'configs').glob('*/metafile.yml')}
