"""README and docs, and what stands in their blocks."""
import re

from tool_runs import ROOT

PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]


def blocks(language):
    """The fenced blocks of a language, with the page they stand on."""
    fence = re.compile(rf'^```{language}\n(.*?)^```', re.MULTILINE | re.DOTALL)
    return [(page, block) for page in PAGES for block in fence.findall(page.read_text())]


def commands():
    """The lines of blocks of the language bash, without comments, each once."""
    lines = (line.strip() for _, block in blocks('bash') for line in re.sub(' #.*', '', block).splitlines())
    return list(dict.fromkeys(line for line in lines if line))
