"""Of MMagic what is asked for is imported, and all can be asked for; what is said of what does not import."""
import functools
import json
import subprocess
import sys

import pytest
from patience import PATIENCE

pytest.importorskip('mmagic')

# Runs programs one after the other in a fresh process. Missing packages stand for those of a version that MMagic does
# not import with.
START = """
import json, sys, traceback, warnings
for package in {missing}:
    sys.modules[package] = None
import mmpconv
def imported(*packages):
    return [package for package in packages if sys.modules.get(package)]
failed = dict()
for name, program in json.load(sys.stdin).items():
    try:
        exec(program, dict(imported=imported, sys=sys, warnings=warnings))
    except BaseException:
        failed[name] = traceback.format_exc()
print(json.dumps(failed))
"""

WITH_ALL = {
    'what inpainting needs of MMagic imports nothing of its other methods': """
import mmagic.models, mmpconv.models.inpainting, mmpconv.datasets, mmpconv.evaluation
from mmpconv.registry import MODELS, TRANSFORMS
encoder, decoder = dict(type='PConvEncoder', num_layers=3), dict(type='PConvDecoder', num_layers=3)
MODELS.build(dict(type='PConvEncoderDecoder', encoder=encoder, decoder=decoder))
MODELS.build(dict(type='L1Loss')), TRANSFORMS.build(dict(type='PackInputs'))
assert MODELS.get('BN')
late = imported('diffusers', 'transformers', 'albumentations', 'pandas', 'scipy.stats', 'mediapipe',
                'mmagic.models.editors.edsr')
assert not late, late
""",
    'to register a name imports nothing': """
from mmagic.registry import MODELS
before = set(sys.modules)
MODELS.register_module(name='Mine', module=dict)
assert MODELS.get('Mine') is dict and set(sys.modules) == before
try:
    MODELS.register_module(name='Mine', module=list)
except KeyError as error:
    assert 'already registered' in str(error)
else:
    raise AssertionError
""",
    'names are found by configs and by imports': """
from mmpconv.registry import MODELS, TRANSFORMS
edsr = MODELS.get('EDSRNet')
assert edsr is MODELS.get('mmagic.EDSRNet') and imported('mmagic.models.editors.edsr')
assert not imported('mmagic.models.editors.swinir')
from mmagic.models import SwinIRNet
from mmagic.models.editors import SwinIRNet as same
from mmagic.models.editors.swinir import SwinIRNet as itself
assert SwinIRNet is same is itself and edsr.__module__ == 'mmagic.models.editors.edsr.edsr_net'
assert TRANSFORMS.get('mmagic.ModCrop').__module__ == 'mmagic.datasets.transforms.crop'
try:
    from mmagic.models import NoSuchNetwork
except ImportError as error:
    assert 'NoSuchNetwork' in str(error)
else:
    raise AssertionError
""",
    'NumPy has the old name of bool for MMagic only': """
import numpy as np
from mmagic.utils.trans_utils import dtype_range
assert dtype_range[np.bool_] == (False, True)
assert hasattr(np, 'bool8') == (np.__version__ < '2')
""",
    'inferencers of MMagic import without controlnet_aux': """
from mmagic.apis.inferencers import InpaintingInferencer
import mmagic.apis.inferencers.controlnet_animation_inferencer as animation
assert not imported('controlnet_aux')
""",
    'the optimizer of transformers is built by its name': """
import torch
from mmengine.registry import OPTIMIZERS
adafactor = OPTIMIZERS.build(dict(type='Adafactor', params=[torch.nn.Parameter(torch.ones(1))]))
assert type(adafactor).__module__.startswith('transformers.') and isinstance(adafactor, torch.optim.Optimizer)
""",
    'models of diffusers are found': """
from mmpconv.registry import MODELS
assert MODELS.get('AutoencoderKL').__module__ == 'mmagic.models.archs'
""",
}

# The order matters: the last ones make the registry look through all of MMagic.
WITHOUT_DIFFUSERS = {
    'every name that MMagic gives away is there or says what it needs': """
import ast, importlib
broken = set()
for package in ('mmagic.models.editors', 'mmagic.models.archs', 'mmagic.datasets.transforms'):
    module = importlib.import_module(package)
    lines = [line for line in ast.parse(open(module.__file__).read()).body
             if isinstance(line, ast.ImportFrom) and line.level == 1 and line.names[0].name != '*']
    assert lines
    for line in lines:
        for name in line.names:
            assert name.name in dir(module)
            try:
                found = getattr(module, name.name)
            except ImportError as error:
                assert 'diffusers 0.24.0' in str(error) and line.module in str(error), error
                broken.add(line.module)
            else:
                assert found is getattr(sys.modules[f'{package}.{line.module}'], name.name)
assert {'vico', 'animatediff'} <= broken <= {
    'vico', 'animatediff', 'albu_function', 'attention_injection', 'controlnet', 'disco_diffusion', 'dreambooth',
    'fastcomposer', 'stable_diffusion', 'stable_diffusion_xl', 'textual_inversion'}, broken
""",
    'what does not import says so when it is built': """
from mmpconv.registry import MODELS
try:
    MODELS.build(dict(type='mmagic.ViCo'))
except ImportError as error:
    assert str(error).startswith('ViCo of MMagic does not import here (mmagic.models.editors.vico: '), error
else:
    raise AssertionError
""",
    'a name that no init says is found too': """
import torch
from mmpconv.registry import MODELS
assert MODELS.get('StyleGANv2Generator').__module__.startswith('mmagic.models.editors.stylegan2.')
assert MODELS.get('Deconv') is torch.nn.ConvTranspose2d
""",
    'of a name that is nowhere one hears once what could not be looked through': """
from mmpconv.registry import MODELS
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter('always')
    assert MODELS.get('NoSuchNetwork') is None and MODELS.get('NorThisOne') is None
assert len(said) == 1, said
assert 'was looked for in all of MMagic' in str(said[0].message) and 'diffusers 0.24.0' in str(said[0].message)
""",
}
MISSING = {'mediapipe': ('mediapipe',), 'diffusers': ('diffusers', 'transformers', 'albumentations')}
PROGRAMS = {'mediapipe': WITH_ALL, 'diffusers': WITHOUT_DIFFUSERS}


@pytest.fixture(scope='module')
def failures():
    """By what is missing: the tracebacks of those programs that fail, by their names."""
    def run(missing):
        result = subprocess.run([sys.executable, '-c', START.format(missing=MISSING[missing])], capture_output=True,
                                input=json.dumps(PROGRAMS[missing]), text=True, timeout=PATIENCE)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout.splitlines()[-1])

    return functools.cache(run)


@pytest.mark.parametrize('missing, program', [(missing, name) for missing in PROGRAMS for name in PROGRAMS[missing]])
def test_mmagic_is_imported_on_demand(failures, missing, program):
    assert failures(missing).get(program, '') == ''
