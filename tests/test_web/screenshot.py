"""Makes docs/web.png: a photo of scikit-image's on the page, with whiskers painted over and filled.

    python tests/test_web/screenshot.py MODEL CHECKPOINT docs/web.png
"""
import io
import sys
import tempfile
from pathlib import Path

import skimage.data
from PIL import Image
from served import Served, Visitor, chromium

WHISKERS = [[(0.02, 0.73), (0.15, 0.71), (0.3, 0.76)], [(0.05, 0.83), (0.2, 0.78), (0.32, 0.78)],
            [(0.13, 0.93), (0.25, 0.85), (0.34, 0.81)]]


def take(model, checkpoint, folder):
    """Fill the photo; returns the picture of the page."""
    Image.fromarray(skimage.data.chelsea()).save(folder / 'chelsea.png')
    page = Served(folder, '--model', Path(model).resolve(), '--checkpoint', Path(checkpoint).resolve())
    with chromium() as browser:
        visitor = Visitor(browser, page.address, viewport=dict(width=1280, height=830))
        visitor.open_photo(folder / 'chelsea.png')
        for whisker in WHISKERS:
            visitor.paint(*whisker)
        visitor.fill()
        visitor.page.evaluate('document.querySelector(".comparison").style.setProperty("--cut", "10%"); scrollTo(0, 0)')
        visitor.page.mouse.move(0, 0)
        visitor.page.wait_for_timeout(1000)  # until it is faded in
        picture = visitor.page.screenshot()
    page.end()
    return Image.open(io.BytesIO(picture)).convert('RGB')


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as folder:
        shown = take(*sys.argv[1:3], Path(folder))
    small = shown.resize((860, 860 * shown.height // shown.width), Image.Resampling.LANCZOS)
    small.quantize(96, kmeans=5, dither=Image.Dither.NONE).save(sys.argv[3], optimize=True)
