"""``mmpconv``: help, exit status, and the way to the commands."""
import ast
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE
from small_photos import write_mask, write_photo

from mmpconv.cli.main import COMMANDS
from mmpconv.version import __version__

STATUSES = """
import sys
from mmpconv.cli.main import COMMANDS, Command, main
COMMANDS['doctor'] = Command('', 'fake')
sys.modules['mmpconv.cli.fake'] = sys.modules['__main__']
def doctor_arguments(parser):
    parser.add_argument('name')
    parser.add_argument('--b', action='store_true')
def doctor(args):
    'What it does.'
    {body}
sys.exit(main(['doctor', 'a', '--b']))
"""


def call(body):
    result = subprocess.run([sys.executable, '-c', STATUSES.format(body=body)], capture_output=True, text=True,
                            timeout=PATIENCE)
    return result.returncode, result.stdout, result.stderr


def test_help_names_every_command_with_what_it_does(run):
    status, out, _ = run('--help')
    assert status == 0
    for name, command in COMMANDS.items():
        assert f'  {name} ' in out and command.summary in out
    for text in ('examples:', 'exit status:', '130  interrupted'):
        assert text in out


def test_without_a_command_help_is_shown_and_the_status_is_that_of_wrong_usage(run):
    status, out, _ = run()
    assert status == 2 and 'examples:' in out


def test_the_version_is_that_of_the_package(run):
    assert run('--version')[:2] == (0, f'mmpconv {__version__}\n')


def test_an_unknown_command_is_wrong_usage(run):
    status, out, err = run('inpant', 'a')
    assert (status, out) == (2, '') and "invalid choice: 'inpant'" in err


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_explains_itself_with_examples_under_its_name(run, name):
    status, out, _ = run(name, '--help')
    assert status == 0 and out.startswith(f'usage: mmpconv {name}')
    assert f'mmpconv {name}' in out[out.index('examples:'):]


@pytest.mark.parametrize('body, status, words', [
    ('return None', 0, ''),
    ('return 3', 3, ''),
    ('sys.exit("error: one sentence")', 1, 'error: one sentence\n'),
    ('raise KeyboardInterrupt', 130, 'interrupted\n'),
    ('print(args.name, args.b, file=sys.stderr)', 0, 'a True\n'),
    ('import no_such_module', 1, "error: No module named 'no_such_module'; pip install 'mmpconv[inpainting]' installs "
     'what mmpconv doctor needs; mmpconv doctor says what is wrong with this installation\n'),
    ('from sys import no_such_name', 1, "error: cannot import name 'no_such_name' from 'sys' (unknown location); "
     'mmpconv doctor says what is wrong with this installation\n')])
def test_the_exit_status_says_how_it_ended(body, status, words):
    assert call(body) == (status, '', words)


def test_a_bug_keeps_its_traceback():
    status, _, err = call('return 1 / 0')
    assert status == 1 and err.startswith('Traceback') and 'ZeroDivisionError' in err


def test_names_that_are_not_text_can_be_printed():
    assert call(r'print("caf\udce9")')[:2] == (0, 'caf\\udce9\n')


def test_a_reader_that_has_enough_is_no_error():
    code = STATUSES.format(body='[print("line" * 99, flush=True) for _ in range(9999)]')
    process = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b'' and process.wait(PATIENCE) == 0


def test_the_module_runs_as_the_program():
    result = subprocess.run([sys.executable, '-m', 'mmpconv', '--version'], capture_output=True, text=True, check=True)
    assert result.stdout == f'mmpconv {__version__}\n'


NOTHING_LARGE = """
import contextlib, io, sys
for name in ('torch', 'mmengine', 'numpy', 'cv2', 'PIL', 'matplotlib', 'rich', 'yaml'):
    sys.modules[name] = None
from mmpconv.cli.main import COMMANDS, main
def said_with_status(status, *arguments):
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        try:
            main(arguments)
        except SystemExit as end:
            assert end.code == status, arguments
    return text.getvalue()
said_with_status(0, '--help'), said_with_status(0, '--version'), said_with_status(2, 'nothing')
for name in COMMANDS:
    assert said_with_status(0, name, '--help').startswith(f'usage: mmpconv {name} '), name
for arguments in (['inpaint', 'a'], ['convert-padding'], ['benchmark', '--fid'], ['demo', '--iters', '0']):
    assert 'error: ' in said_with_status(2, *arguments)
"""


def test_no_command_imports_anything_large_for_its_help_or_wrong_usage():
    subprocess.run([sys.executable, '-c', NOTHING_LARGE], check=True, timeout=PATIENCE)


def test_photos_are_filled_without_torch_by_what_does_not_need_it(folder):
    write_photo(folder / 'photo.png'), write_mask(folder / 'mask.png')
    program = 'import sys; sys.modules["torch"] = None; from mmpconv.cli import main; sys.exit(main(sys.argv[1:]))'
    subprocess.run([sys.executable, '-c', program, 'inpaint', 'photo.png', 'mask.png', '-o', 'filled.png', '--model',
                    'telea'], check=True, timeout=PATIENCE)
    assert (folder / 'filled.png').is_file()


TOOLS = sorted(Path(__file__).parents[2].glob('tools/**/*.py'))


@pytest.mark.parametrize('tool', TOOLS, ids=[tool.name for tool in TOOLS])
def test_every_program_of_tools_is_a_door_to_a_command(tool):
    """A docstring, two imports, and a call with the name of a command and what was written behind the program."""
    tree = ast.parse(tool.read_text())
    words, = [node.elts for node in ast.walk(tree) if isinstance(node, ast.List)]
    assert len(tree.body) == 4 and words[0].value in COMMANDS
    done = subprocess.run([sys.executable, str(tool), '--help'], capture_output=True, text=True, timeout=PATIENCE)
    name = ' '.join(word.value for word in words[:-1])
    assert done.returncode == 0 and done.stdout.startswith(f'usage: mmpconv {name} ')
