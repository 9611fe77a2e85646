"""The page."""
from importlib.resources import files

import gradio as gr
from gradio.themes.utils.fonts import Font

from .comparison import NOTHING_YET
from .desk import Desk

STAGE = """<div class="easel"><img class="picture" alt="your photo"><canvas class="strokes"></canvas>
<div class="ring"></div></div><p class="hint">Your photo appears here, to be painted on</p>"""
MAX_WAITING = 20
# How long files of visitors are kept, in seconds.
HOUR = 3600


def build_page(desk: Desk, max_upload: int) -> gr.Blocks:
    """Lay out the page, and connect it with what answers.

    Gradio's own editor and its slider between two pictures are not used: with Gradio 5.14 the one drops a photo that
    the server gives it at the first stroke, and the other asks for its pictures at an address that is not there.

    Args:
        desk: What answers.
        max_upload: Largest file, in megabytes.
    """
    with gr.Blocks(title='Fill holes in a photo', theme=_theme(), css=_read('page.css'), analytics_enabled=False,
                   js=f'() => {{ {_read("painter.js")} }}', delete_cache=(HOUR // 6, HOUR)) as page:
        gr.Markdown('# Fill holes in a photo\nPaint over what you want gone and press **Fill**. '
                    'All other pixels stay as they are, bit for bit.')
        with gr.Row(equal_height=False):
            with gr.Column(min_width=320):
                photo = gr.File(label=f'Photo (up to {max_upload} MB)', file_types=['image'], height=110,
                                elem_id='photo')
                gr.HTML(STAGE, elem_id='stage', elem_classes='empty')
                with gr.Row():
                    size = gr.Slider(1, 200, 20, step=1, label='Brush size (pixels of the photo)', min_width=200)
                    tool = gr.Radio(['Brush', 'Eraser'], value='Brush', label='Tool', min_width=150)
                with gr.Accordion('Mask from a file, and options', open=False):
                    mask = gr.File(label='Mask: white is filled', file_types=['image'], height=110, elem_id='mask')
                    invert = gr.Checkbox(False, label='Invert the mask: black is filled')
                    resize = gr.Checkbox(False, label='Scale a mask of another size')
                    grow = gr.Slider(0, 100, 0, step=1, label='Grow what is filled by (pixels of the photo)')
                with gr.Row():
                    undo = gr.Button('Undo', min_width=80)
                    clear = gr.Button('Clear', min_width=80)
                    fill = gr.Button('Fill', variant='primary', scale=2, min_width=140)
            with gr.Column(min_width=320):
                compared = gr.HTML(NOTHING_YET, elem_id='compared')
                done = gr.Markdown()
                download = gr.DownloadButton('Download', interactive=False)
        shown_photo, shown_mask, strokes = gr.JSON(visible=False), gr.Textbox(visible=False), gr.Textbox(visible=False)

        def run_fill(photo, mask, invert, resize, grow, strokes, progress=gr.Progress()):  # noqa: B008 (as Gradio has it)
            return desk.fill(photo, mask, invert, resize, grow, strokes, progress)

        def forget():
            return NOTHING_YET, '', gr.update(label='Download', value=None, interactive=False)

        quiet = dict(api_name=False, show_progress='hidden')
        # The old photo goes before it is known whether the new one can be read.
        photo.change(None, js='() => painter.showPhoto(null)', **quiet)
        photo.change(forget, None, [compared, done, download], **quiet)
        read = photo.change(desk.show_photo, photo, [shown_photo, size], **quiet)
        read.success(None, shown_photo, js='photo => painter.showPhoto(photo)', **quiet)
        for changed in (mask.change, invert.input, resize.input, read.success):
            changed(None, js='() => painter.showMask("")', **quiet)
            changed(desk.show_mask, [photo, mask, invert, resize], shown_mask, **quiet).success(
                None, shown_mask, js='source => painter.showMask(source)', **quiet)
        size.change(None, size, js='size => { painter.size = size }', **quiet)
        tool.change(None, tool, js='tool => { painter.erases = tool === "Eraser" }', **quiet)
        undo.click(None, js='() => painter.undo()', **quiet)
        clear.click(None, js='() => painter.clear()', **quiet)
        fill.click(run_fill, [photo, mask, invert, resize, grow, strokes], [compared, done, download], api_name=False,
                   js='(...inputs) => [...inputs.slice(0, 5), JSON.stringify(painter.strokes)]')
    # One at a time of each kind: a photo is filled with all cores, while others are looked at.
    page.queue(max_size=MAX_WAITING, api_open=False, default_concurrency_limit=1)
    return page


def _theme() -> gr.themes.Base:
    # Gradio's themes load their fonts from Google; these are of the visitor's machine.
    return gr.themes.Default(
        primary_hue='rose', font=[Font(name) for name in ('Segoe UI', 'Helvetica Neue', 'Arial', 'sans-serif')],
        font_mono=[Font(name) for name in ('Consolas', 'monospace')])


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding='utf-8')
