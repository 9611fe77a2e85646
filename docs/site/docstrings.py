"""An extension of Griffe: what the API reference has to know of this package's docstrings and lazy names."""
import re

import griffe

ROLE = re.compile(r':(?:mod|class|func|meth|attr|data|exc):`(~?)([^`]+)`')
LITERAL_BLOCK = re.compile(r'::$', re.MULTILINE)


def markdown(text: str) -> str:
    """A docstring that is written for Sphinx, in Markdown."""
    text = ROLE.sub(lambda role: f'`{role[2].rsplit(".", 1)[-1] if role[1] else role[2]}`', text)
    return LITERAL_BLOCK.sub(':', text)


def definitions(module: griffe.Module) -> dict:
    """Public classes, functions and values of a module and of all below it, by name."""
    found = {}
    for name, member in module.members.items():
        if member.is_alias:
            continue
        if member.is_module:
            found = {**definitions(member), **found}
        elif not name.startswith('_'):
            found[name] = member
    return found


class Docstrings(griffe.Extension):
    """Turns docstrings into Markdown, and finds names of ``__all__`` that are imported when they are first used."""

    def on_package(self, *, pkg: griffe.Module, **kwargs) -> None:
        self._prepare(pkg)

    def _prepare(self, thing: griffe.Object) -> None:
        if thing.docstring:
            thing.docstring.value = markdown(thing.docstring.value)
        for member in list(thing.members.values()):
            if not member.is_alias:
                self._prepare(member)
        if thing.is_module:
            self._find_lazy_names(thing)

    def _find_lazy_names(self, module: griffe.Module) -> None:
        below = definitions(module)
        for name in map(str, module.exports or ()):
            hidden = name not in module.members or module.members[name].is_module  # by a file of the same name
            if hidden and name in below:
                module.set_member(name, griffe.Alias(name, below[name], parent=module))
