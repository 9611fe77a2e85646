"""A known fault, and how it is found."""
from collections.abc import Callable
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from .facts import Facts

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
