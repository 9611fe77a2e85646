"""``mmpconv doctor``: find out what is wrong with an installation. Runs where everything else is broken."""
import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Sequence

from mmpconv.errors import DONE, USER_HAS_TO_ACT, LaunchError

_COLORS = dict(ok=32, warning=33, problem='1;31')  # of a terminal: green, yellow, bold red


def doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--json', action='store_true', help='print everything as JSON')


def doctor(args: argparse.Namespace) -> int:
    """Find out what is wrong with this installation, and what to do: versions, combinations that are known to fail,
    imports, GPU, weights, permissions. Changes nothing. Takes half a minute. Exit status: 0, or 1 if there is a
    problem.

    mmpconv doctor
    mmpconv doctor --json > report.json    to attach to a bug report
    """
    try:
        from mmpconv.installation.facts import gather
        from mmpconv.installation.rules import PROBLEM, examine
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
    """A finding a line where another program reads; on a terminal lines that fit into it, with colours."""
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(_wrapped(', '.join(f'{name} {version}' for name, version in versions.items()), columns))
    for finding in findings:
        level, found = f'{finding.level:<8}', f'{finding.subject}: {finding.detail}'
        if columns is None:
            print(level, found + (f' -> {finding.remedy}' if finding.remedy else ''))
            continue
        indent = len(level) + 1
        print(f'\033[{_COLORS[finding.level]}m{level}\033[0m', _wrapped(found, columns - indent, indent))
        if finding.remedy:
            print(' ' * len(level), _wrapped(f'-> {finding.remedy}', columns - indent - 3, indent + 3))
    count = {level: sum(finding.level == level for finding in findings) for level in _COLORS}
    print(f'problems: {count["problem"]}, warnings: {count["warning"]}')


def _wrapped(text: str, columns: int | None, indent: int = 0) -> str:
    """Text in lines of so many columns, of which all but the first are indented."""
    lines = [text] if columns is None else textwrap.wrap(text, columns, break_long_words=False, break_on_hyphens=False)
    return f'\n{" " * indent}'.join(lines)
