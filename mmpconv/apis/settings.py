"""Settings as plain data, and what differs between two."""
import json
from collections.abc import Iterator


def plain(settings: dict) -> dict:
    """Settings as they read after a round trip through a JSON file."""
    return json.loads(json.dumps(settings, default=_name_of))


def difference(before: dict, now: dict) -> str:
    """The first few entries that are not the same, as part of a sentence.

    Args:
        before, now: As of :func:`plain`. An entry ``config`` is left out of the names of those in it.
    """
    before, now = dict(_flat(before)), dict(_flat(now))
    # As JSON, in which None is null: an entry that is None differs from one that is absent.
    before, now = ({key: json.dumps(value) for key, value in entries.items()} for entries in (before, now))
    changed = [f'{key.removeprefix("config.")} was {before.get(key, "absent")}, is {now.get(key, "absent")}'
               for key in {**before, **now} if before.get(key) != now.get(key)]
    return '; '.join(changed[:3] + ([f'and {len(changed) - 3} more'] if len(changed) > 3 else []))


def _name_of(value) -> str:
    """Classes and functions, which newer configs hold, by name: their usual text has an address in it."""
    named = value if hasattr(value, '__qualname__') else type(value)
    return f'{named.__module__}.{named.__qualname__}'


def _flat(node, prefix: str = '') -> Iterator[tuple]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
    if children is None or not node:
        yield prefix, node
    else:
        for key, child in children:
            yield from _flat(child, f'{prefix}.{key}' if prefix else str(key))
