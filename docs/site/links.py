"""A hook of MkDocs: links that are right where the repository is browsed are right on the site."""
import re
from pathlib import Path
from posixpath import normpath

DOCS = Path(__file__).parents[1]
LINK = re.compile(r'(?<=\]\()(\.\./[^)#\s]+)')
PAGE = re.compile(r'(?<=href=")([^":#]+\.md)')


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


def on_page_content(html: str, page, config, files) -> str:
    """A notebook, with links to pages led to them; in pages MkDocs does this itself."""
    if not page.file.src_uri.endswith('.ipynb'):
        return html
    folder = Path(page.file.src_uri).parent.as_posix()
    return PAGE.sub(lambda link: files.get_file_from_path(normpath(f'{folder}/{link[1]}')).url_relative_to(page.file),
                    html)
