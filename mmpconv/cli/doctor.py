"""``mmpconv doctor``: find out what is wrong with an installation. Runs where everything else is broken."""
import argparse
import json
import sys
from collections.abc import Sequence

from mmpconv.errors import LaunchError

DESCRIPTION = """\
Find out what is wrong with this installation, and what to do: versions, combinations that are known to fail, imports,
GPU, weights, permissions. Changes nothing. Takes half a minute. Exit status: 0, or 1 if there is a problem.
"""
EXAMPLES = """\
mmpconv doctor
mmpconv doctor --json > report.json    to attach to a bug report
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--json', action='store_true', help='print everything as JSON')


def run(args: argparse.Namespace) -> int:
    from .main import DONE, USER_HAS_TO_ACT

    try:
        from .installation.facts import gather
        from .installation.rules import PROBLEM, examine
    except ModuleNotFoundError as error:
        raise LaunchError(f'mmpconv doctor needs {error.name}; pip install {error.name}') from error
    if not args.json:
        print('trying what is installed ...', file=sys.stderr, flush=True)
    facts = gather()
    findings = examine(facts)
    if args.json:
        print(json.dumps({**facts.as_dict(), 'findings': [vars(finding) for finding in findings]}, indent=1))
    else:
        _print(facts.versions, findings)
    return USER_HAS_TO_ACT if any(finding.level == PROBLEM for finding in findings) else DONE


def _print(versions: dict[str, str], findings: Sequence) -> None:
    print(', '.join(f'{name} {version}' for name, version in versions.items()))
    try:
        from rich.console import Console
        from rich.table import Table
    except ModuleNotFoundError:
        for finding in findings:
            print(f'{finding.level:<8} {finding.subject}: {finding.detail}'
                  + (f' -> {finding.remedy}' if finding.remedy else ''))
        return
    table = Table('', 'what', 'found', 'what to do')
    colors = dict(ok='green', warning='yellow', problem='bold red')
    for finding in findings:
        table.add_row(f'[{colors[finding.level]}]{finding.level}[/]', *map(_literal, (
            finding.subject, finding.detail, finding.remedy)))
    Console().print(table)
    count = {level: sum(finding.level == level for finding in findings) for level in colors}
    print(f'problems: {count["problem"]}, warnings: {count["warning"]}')


def _literal(text: str):
    """Text in which rich sees no markup: an extra is written ``[web]``."""
    from rich.text import Text

    return Text(text)
