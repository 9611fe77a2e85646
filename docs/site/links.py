"""A hook of MkDocs: pages may link to files of the repository outside docs, as they do where the repository is browsed."""
import re
from pathlib import Path
from posixpath import normpath

DOCS = Path(__file__).parents[1]
LINK = re.compile(r'(?<=\]\()(\.\./[^)#\s]+)')


def on_page_markdown(markdown: str, page, config, files) -> str:
    """The page, with links out of docs led to the repository's page of the file."""
    folder = (Path('docs') / page.file.src_uri).parent

    def absolute(link: re.Match) -> str:
        target = normpath((folder / link[1]).as_posix())
        if target.startswith('docs/'):
            return link[1]
        kind = 'tree' if (DOCS.parent / target).is_dir() else 'blob'
        return f'{config.repo_url}/{kind}/main/{target}'

    return LINK.sub(absolute, markdown)
