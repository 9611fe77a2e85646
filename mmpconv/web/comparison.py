"""A photo before and after, one over the other, with a slider between them."""
from PIL import Image

from .previews import data_url

NOTHING_YET = '<p class="hint">The filled photo appears here</p>'
_COMPARISON = """<div class="comparison" style="max-width: {width}vh">
<img src="{after}" alt="after"><img class="before" src="{before}" alt="before"><div class="cut"></div>
<span class="name left">before</span><span class="name right">after</span>
<input type="range" min="0" max="100" step="0.1" value="50" aria-label="Share of the photo that shows the state before"
 oninput="this.parentElement.style.setProperty('--cut', this.value + '%')"></div>"""


def comparison(before: Image.Image, after: Image.Image) -> str:
    """HTML, of two pictures of the same size."""
    return _COMPARISON.format(before=data_url(before), after=data_url(after), width=80 * before.width / before.height)
