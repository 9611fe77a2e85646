"""Rules of the doctor: what is looked at, what is wrong with it, and the remedy."""
from collections.abc import Callable
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from .facts import OPENCVS, Facts

OK, WARNING, PROBLEM = 'ok', 'warning', 'problem'


@dataclass(frozen=True)
class Finding:
    """What a user should know.

    Attributes:
        level: One of :data:`OK`, :data:`WARNING`, :data:`PROBLEM`.
        subject: What it is about.
        detail: What was found, and why that matters.
        remedy: What to do; empty if nothing.
    """

    level: str
    subject: str
    detail: str
    remedy: str = ''


@dataclass(frozen=True)
class Rule:
    """A known fault.

    Attributes:
        subject: Of the finding.
        level: Of the finding.
        detect: Gives the finding's detail where the fault is there, else None.
        remedy: Of the finding.
    """

    subject: str
    level: str
    detect: Callable[[Facts], str | None]
    remedy: str

    def __call__(self, facts: Facts) -> Finding | None:
        """The finding, if the fault is there."""
        detail = self.detect(facts)
        return None if detail is None else Finding(self.level, self.subject, detail, self.remedy)


def version_of(package: str, bad: str, why: str, remedy: str, beside: str | None = None, level: str = PROBLEM) -> Rule:
    """A rule about the version of a package.

    Args:
        package: As pip knows it.
        bad: Versions that are at fault, as pip writes them.
        why: What goes wrong with them.
        remedy: As of :class:`Rule`.
        beside: Another package without which the fault does not show.
        level: As of :class:`Rule`.
    """

    def detect(facts: Facts) -> str | None:
        version = facts.versions.get(package)
        if version is None or (beside and beside not in facts.versions):
            return None
        return f'{version}: {why}' if SpecifierSet(bad).contains(version, prereleases=True) else None

    return Rule(package, level, detect, remedy)


def does_not_work(probe: str, remedy: str, level: str = PROBLEM) -> Rule:
    """A rule about a probe that fails, unless an earlier one fails alike: what needs torch fails as torch does."""

    def detect(facts: Facts) -> str | None:
        error = facts.broken.get(probe)
        first = next((name for name, text in facts.broken.items() if text == error), None)
        return error if first == probe else None

    return Rule(probe, level, detect, remedy)


# Faults that are more than the version of one package. Each gives what is wrong, or None.


def python(facts: Facts) -> str | None:
    if (3, 11) <= facts.python <= (3, 13):
        return None
    why = ('Pillow without known holes does not install on it' if facts.python < (3, 11) else
           'nobody has tried MMagic 1.2.0 on it')
    return '{}.{}: mmpconv is made for 3.11 to 3.13; {}'.format(*facts.python, why)


def absent(package: str, why: str) -> Callable[[Facts], str | None]:
    return lambda facts: None if package in facts.versions else f'not installed: {why}'


def torchvision_of_another_torch(facts: Facts) -> str | None:
    torch, torchvision = (facts.versions.get(name) for name in ('torch', 'torchvision'))
    if torch is None or torchvision is None:
        return None
    torch, torchvision = Version(torch), Version(torchvision)
    if torch.major == 2 and torchvision.major == 0 and torchvision.minor != torch.minor + 15:
        return f'{torchvision} was built for torch 2.{torchvision.minor - 15}, and torch is {torch}: it does not import'
    kinds = {'cpu' if (version.local or '').startswith('cpu') else 'gpu' for version in (torch, torchvision)}
    if len(kinds) > 1:
        return f'{torchvision} beside torch {torch}: one is for CPUs only, the other is not, and it does not import'
    return None


def several_opencvs(facts: Facts) -> str | None:
    found = {name: facts.versions[name] for name in OPENCVS if name in facts.versions}
    if len(set(found.values())) < 2:
        return None
    names = ', '.join(f'{name} {version}' for name, version in found.items())
    return f'{names}: they write into one folder, where parts of different ones lie now'


def two_mmcvs(facts: Facts) -> str | None:
    if {'mmcv', 'mmcv-lite'} <= facts.versions.keys():
        return 'mmcv and mmcv-lite are both installed, and write into one folder'
    return None


def gpu_without_cuda(facts: Facts) -> str | None:
    gpu = facts.working.get('gpu')
    if not facts.nvidia or gpu is None or gpu['gpus']:
        return None
    return ('torch is built without CUDA' if gpu['cuda'] is None else
            f'torch (CUDA {gpu["cuda"]}) sees no GPU, though there is a driver of NVIDIA')


def weights_absent(facts: Facts) -> str | None:
    weights = facts.working.get('weights')
    if weights is None or weights['there']:
        return None
    return f'of {weights["model"]} are not there yet: {weights["file"]}; the first `mmpconv inpaint` downloads them'


def not_writable(facts: Facts) -> str | None:
    folders = [folder for folder, writable in facts.writable.items() if not writable]
    return f'no permission to write into {" and ".join(folders)}' if folders else None


LOCK_FILE = "install the versions of mmpconv's requirements/lock.txt, which were tried together"
MMCV_LITE = "pip uninstall -y mmcv mmcv-lite && pip install 'mmcv-lite>=2.1,<2.2'"
MMCVS = ('mmcv', 'mmcv-lite')
OPENCV = "pip install 'opencv-python>=4.12,<5', and so all that are installed of the OpenCVs"
BOTH_TORCHES = 'pip install --force-reinstall torch torchvision, both in one command and from one index'

# The first lines say what has to be there, the last ones what is seen by trying it.
RULES = (
    Rule('Python', PROBLEM, python, 'make an environment with Python 3.11'),
    Rule('torch', PROBLEM, absent('torch', 'nothing works without it'), "pip install 'torch>=2.6'"),
    Rule('mmengine', PROBLEM, absent('mmengine', 'configs, training and checkpoints need it'),
         "pip install 'mmengine>=0.10,<0.11'"),
    Rule('mmagic', WARNING, absent('mmagic', 'inpainting needs it, except with an exported network'),
         "pip install 'mmpconv[inpainting]'"),

    version_of('torch', '<2.6', 'too old for mmpconv', "pip install --upgrade 'torch>=2.6' torchvision"),
    version_of('mmengine', '<0.10', 'too old for mmpconv', "pip install 'mmengine>=0.10,<0.11'"),
    version_of('mmengine', '>=0.11.dev0', 'not tried with mmpconv', "pip install 'mmengine>=0.10,<0.11'",
               level=WARNING),
    *(version_of(package, '<2.1', 'too old for mmpconv', MMCV_LITE) for package in MMCVS),
    *(version_of(package, '>=2.2', 'MMagic 1.2.0 and MMSegmentation 1.2.2 refuse it', MMCV_LITE) for package in MMCVS),
    version_of('mmagic', '!=1.2.0', 'mmpconv is made for 1.2.0', "pip install 'mmpconv[inpainting]'", level=WARNING),
    *(version_of(package, '<4.12', 'known holes in its decoders: 4.10 and 4.11 write outside their memory on crafted '
                 'JPEGs (CVE-2025-53644)', OPENCV, level=WARNING) for package in OPENCVS),
    *(version_of(package, '>=5', 'not tried with mmpconv', OPENCV, level=WARNING) for package in OPENCVS),
    version_of('pillow', '<13', 'known holes in its decoders: before 12.1.1 it writes outside its memory on crafted '
               'PSDs (CVE-2026-25990)', "pip install --upgrade 'pillow>=13'", level=WARNING),
    version_of('setuptools', '>=82', 'it has no pkg_resources, which MMEngine 0.10 and the build of mmcv import',
               "pip install 'setuptools<82'", 'mmengine'),
    version_of('ml_dtypes', '<0.5', 'onnx does not import with it', "pip install 'ml_dtypes>=0.5'", 'onnx'),
    version_of('onnx-ir', '<0.1.16', 'mmpconv export needs a later one', "pip install --upgrade 'mmpconv[export]'",
               level=WARNING),

    Rule('torchvision', PROBLEM, torchvision_of_another_torch, BOTH_TORCHES),
    Rule('mmcv', PROBLEM, two_mmcvs, MMCV_LITE),
    Rule('OpenCV', WARNING, several_opencvs,
         f"pip uninstall -y {' '.join(OPENCVS)}, then pip install those you need in one version"),

    does_not_work('torch', BOTH_TORCHES),
    does_not_work('torchvision', BOTH_TORCHES),
    does_not_work('mmengine', LOCK_FILE),
    does_not_work('mmcv operations', f'{MMCV_LITE} (nothing in mmpconv calls them), or build mmcv for this torch',
                  WARNING),
    does_not_work('mmagic', LOCK_FILE),
    does_not_work('mmseg', LOCK_FILE, WARNING),
    does_not_work('mmpretrain', LOCK_FILE, WARNING),
    does_not_work('opencv', "pip uninstall all opencv packages, then pip install 'opencv-python-headless>=4.12,<5'"),
    does_not_work('onnx', "pip install 'mmpconv[export]'", WARNING),
    does_not_work('onnxruntime', "pip install 'mmpconv[export]'", WARNING),
    does_not_work('starlette', "pip install 'mmpconv[web]'", WARNING),
    does_not_work('gpu', 'update the driver, or install the torch for its CUDA; meanwhile --device cpu', WARNING),
    Rule('gpu', WARNING, gpu_without_cuda, 'install a torch with CUDA that the driver knows; --device cpu '
         'works without'),
    does_not_work('weights', LOCK_FILE, WARNING),
    Rule('weights', WARNING, weights_absent, 'nothing; without a network, put the file there, or give '
         '--checkpoint FILE'),
    Rule('folders', WARNING, not_writable, 'work in a folder of your own; TORCH_HOME moves downloads'),
)


def examine(facts: Facts) -> list[Finding]:
    """All findings about an installation, what is in order included."""
    findings = [finding for rule in RULES if (finding := rule(facts))]
    accused = {finding.subject for finding in findings}
    return findings + [finding for finding in in_order(facts) if finding.subject not in accused]


def in_order(facts: Facts) -> list[Finding]:
    """What works."""
    findings = [Finding(OK, 'Python', '{}.{}'.format(*facts.python))]
    for name in facts.working:
        findings.append(Finding(OK, name, _describe(name, facts)))
    for extra, missing in facts.missing.items():
        detail = f'not installed: {", ".join(missing)}' if missing else 'installed'
        findings.append(Finding(OK, f'extra [{extra}]', detail, f"pip install 'mmpconv[{extra}]'" if missing else ''))
    for folder in facts.writable:
        findings.append(Finding(OK, 'folders', f'may write into {folder}'))
    return findings


def _describe(probe: str, facts: Facts) -> str:
    found = facts.working[probe]
    if probe == 'gpu':
        gpus = [f'{gpu["name"]}, {gpu["memory_gib"]} GiB' for gpu in found['gpus']]
        return f'{"; ".join(gpus)}; CUDA {found["cuda"]}; convolves' if gpus else 'none: all runs on the CPU'
    if probe == 'mmcv operations':
        return 'compiled, and work' if found['compiled'] else 'none (mmcv-lite), and none are needed'
    if probe == 'weights':
        return f'of {found["model"]}: {found["file"]}'
    if probe == 'opencv':
        return f'works, {found["version"]}'
    return 'imports'
