"""The tables that a result shows: in the terminal, and as Markdown for the docs."""
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as RichTable

OURS = 'mmpconv'


@dataclass
class Table:
    """Strings in rows under a header."""
    title: str
    header: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """The table as Markdown, its title above it."""
        lines = [self.header, ['-'] * len(self.header), *self.rows]
        return '\n'.join([f'**{self.title}**', '', *(f"| {' | '.join(line)} |" for line in lines)])

    def show(self, console: Console) -> None:
        """Print the table."""
        table = RichTable(*self.header, title=self.title, title_justify='left')
        for row in self.rows:
            table.add_row(*row)
        console.print(table)


def tables(result: dict) -> list[Table]:
    """Tables of a benchmark's result: times by case, checkpoints, targets; each if it was measured."""
    cases = dict.fromkeys(row['case'] for row in result['measurements'])
    reference = result.get('reference', OURS)
    found = [_times(case, [row for row in result['measurements'] if row['case'] == case], reference) for case in cases]
    if 'breakdown' in result:
        found.append(_breakdown(result['breakdown']))
    if 'matrix_rates' in result:
        found.append(_limit(result, reference))
    if 'checkpoint_bytes' in result:
        found.append(Table('Checkpoint', ['network', 'size'], [
            [name, _mebibytes(size)] for name, size in result['checkpoint_bytes'].items()]))
    if result.get('targets'):
        found.append(Table('Targets', ['what', 'target', 'measured', 'met'],
                           [_target(target) for target in result['targets']]))
    return found


def notes(result: dict) -> list[str]:
    """What has to be known to read the tables: the settings, the machine, the check of the results."""
    settings = ', '.join(f'{name} {value}' for name, value in result['settings'].items())
    hardware, versions = result['hardware'], result['versions']
    machine = [hardware['gpu']] if hardware['gpu'] else []
    machine += [hardware['cpu'], f"{hardware['cores']} cores", f"{hardware['threads']} threads",
                f"load {hardware['load_before']:.2f} before the run and {hardware['load_after']:.2f} after it"]
    difference = [f"With the same weights and input, results differ from those of {result.get('peer', 'MMagic')} by at "
                  f"most {result['difference']:.1e} of the largest value."] if 'difference' in result else []
    return [
        f"Settings: {settings}, device {result['device']}.",
        f"Machine: {', '.join(machine)}.",
        f"Commit {result['commit'] or 'unknown'}, {result['date']}; "
        + ', '.join(f'{name} {version}' for name, version in versions.items()) + '.',
        *result.get('remarks', []),
        *difference,
    ]


def show(result: dict) -> None:
    """Print a result."""
    console = Console()
    for table in tables(result):
        table.show(console)
    for note in notes(result):
        console.print(note, highlight=False)


def _times(case: str, measurements: list[dict], reference: str) -> Table:
    with_memory, with_rate = ('peak_bytes' in measurements[0]), ('images' in measurements[0])
    its_median = next(row['seconds']['median'] for row in measurements if row['candidate'] == reference)
    rows = []
    for row in measurements:
        seconds, name = row['seconds'], row['candidate']
        median, low, high, least, most = (
            _milliseconds(seconds[key]) for key in ('median', 'quartile1', 'quartile3', 'min', 'max'))
        rows.append([name, median, f'{low} - {high}', f'{least} - {most}',
                     '' if name == reference else _compared(seconds['median'] / its_median)])
        if with_rate:
            rows[-1].append(_three_digits(row['images'] / seconds['median']))
        if with_memory:
            rows[-1].append(_mebibytes(row['peak_bytes']))
    rounds = measurements[0]['seconds']['repeats']
    return Table(f"{case[0].upper()}{case[1:]} (milliseconds, {rounds} rounds)",
                 ['', 'median', 'middle half', 'range', f'{reference} is'] + ['images / s'] * with_rate
                 + ['peak memory'] * with_memory, rows)


def _breakdown(breakdown: dict[str, dict[str, float]]) -> Table:
    """Medians of what the parts of an iteration took, by candidate."""
    names = [*breakdown]
    parts = [*breakdown[names[0]]]
    rows = [[part, *(_milliseconds(breakdown[name][part]) for name in names)] for part in parts]
    rows.append(['together', *(_milliseconds(sum(breakdown[name].values())) for name in names)])
    return Table('Parts of an iteration (milliseconds, medians)', ['', *names], rows)


def _limit(result: dict, reference: str) -> Table:
    """How much of the machine's rate of matrix products a step reaches, if all computed what ``reference`` does."""
    seconds = {row['candidate']: row['seconds']['median'] for row in result['measurements']
               if row['case'] == result['limited_case']}
    rows = [[f'product of large matrices, {dtype}', _three_digits(rate / 1e9), '']
            for dtype, rate in result['matrix_rates'].items()]
    rows += [[name, _three_digits(result['flops'] / median / 1e9), _milliseconds(median)]
             for name, median in seconds.items()]
    return Table(f"The machine's limit: {result['flops'] / 1e9:.0f} billion operations a {result['limited_case']}, as "
                 f'{reference} computes it', ['', 'billion operations / s', 'milliseconds'], rows)


def _target(target: dict) -> list[str]:
    at_least = 'at_least' in target
    bound, measured = target['at_least' if at_least else 'at_most'], target['measured']
    met = measured >= bound if at_least else measured <= bound
    return [target['what'], f"{'>=' if at_least else '<='} {bound:.2f}", f'{measured:.3f}',
            'yes' if met else 'NO']


def _compared(ratio: float) -> str:
    return f'{ratio:.2f}x faster' if ratio >= 1 else f'{1 / ratio:.2f}x slower'


def _milliseconds(seconds: float) -> str:
    return _three_digits(1000 * seconds)


def _three_digits(value: float) -> str:
    return f'{value:.0f}' if value >= 100 else f'{value:.1f}' if value >= 10 else f'{value:.2f}'


def _mebibytes(size: int) -> str:
    return f'{size / 2**20:.1f} MiB'
