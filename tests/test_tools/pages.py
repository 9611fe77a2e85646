"""README and docs, and what stands in their blocks."""
import re

from tool_runs import ROOT

PAGES = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *sorted((ROOT / 'docs').rglob('*.md'))]


def blocks(language):
    """The fenced blocks of a language, with the page they stand on."""
    fence = re.compile(rf'^```{language}\n(.*?)^```', re.MULTILINE | re.DOTALL)
    return [(page, block) for page in PAGES for block in fence.findall(page.read_text())]


def commands():
    """The lines of blocks of the language bash, without comments, each once."""
    lines = (line.strip() for _, block in blocks('bash') for line in re.sub(' #.*', '', block).splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def commands_of(page):
    """The commands of one page, in its order."""
    fence = re.compile(r'^```bash\n(.*?)^```', re.MULTILINE | re.DOTALL)
    return [line for block in fence.findall(page.read_text()) for line in block.splitlines() if line]


def config_of(page):
    """The config in the first block of the language py of a page."""
    return re.search(r'^```py\n(.*?)^```', page.read_text(), re.MULTILINE | re.DOTALL)[1]


def is_pipe(command):
    """Whether a command starts mmpconv by way of other programs."""
    return command.startswith(('cat ', 'torchrun ')) and ' mmpconv ' in command
