"""The page of a benchmark in HTML, for Jinja. Everything that is filled in is escaped."""
PAGE = '''<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ benchmark.name }}: comparison of methods</title>
<style>
:root { color-scheme: light dark; --line: #8884; --head: #f4f4f6; --best: #0a7d3c; }
@media (prefers-color-scheme: dark) { :root { --head: #26262b; --best: #5fd38d; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 0 1.5rem 3rem; max-width: 110rem; }
header { position: sticky; top: 0; z-index: 2; background: Canvas; border-bottom: 1px solid var(--line);
  display: flex; flex-wrap: wrap; gap: 0 1.5rem; align-items: baseline; padding: .5rem 0; }
header h1 { font-size: 1.2rem; margin: 0; }
h2, h3 { scroll-margin-top: 4rem; }
.scores { overflow: auto; max-height: 85vh; border: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; text-align: right; white-space: nowrap; }
th[scope=row], th[scope=rowgroup], .name { text-align: left; }
thead th { position: sticky; top: 0; background: var(--head); }
tbody { border-top: 1px solid var(--line); }
tbody th { font-weight: normal; vertical-align: top; }
td b { color: var(--best); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 1rem; }
.plots img { width: 100%; height: auto; background: white; }
.case { border-top: 1px solid var(--line); padding: .5rem 0 1rem; }
.pictures { display: flex; flex-wrap: wrap; gap: .6rem; }
figure { margin: 0; }
caption { text-align: left; padding: .25rem .7rem; }
figcaption, caption, .notes { font-size: .85rem; }
.pictures img { display: block; }
</style>
</head>
<body>
<header>
<h1>{{ benchmark.name }}</h1>
<nav><a href="#table">Table</a> · <a href="#plots">Plots</a> · <a href="#pictures">Pictures</a></nav>
<span>{{ benchmark.samples|length }} samples of {{ benchmark.size[0] }} x {{ benchmark.size[1] }} pixels</span>
</header>
<main>
<h2 id="table">Table</h2>
<div class="scores" tabindex="0" role="region" aria-label="Table of scores">
<table>
<caption>Columns: hole ratio. In a cell: {{ 'unrestricted holes (N) / holes off the border (B)' if split else
'holes off the border / holes that touch it' }}.</caption>
<thead><tr><th scope="col" class="name">metric</th><th scope="col" class="name">method</th>
{%- for column in columns %}<th scope="col">{{ column }}</th>{% endfor %}</tr></thead>
{%- for group in rows|groupby_metric %}
<tbody>
{%- for row in group %}
<tr>{% if loop.first %}<th scope="rowgroup" rowspan="{{ group|length }}">{{ row.metric.label }}</th>{% endif %}
<th scope="row">{{ row.method }}</th>
{%- for cell in row.cells %}<td>{% for number in cell %}{% if not loop.first %}/{% endif %}
{%- if number.is_best %}<b>{{ number.text }}</b>{% else %}{{ number.text }}{% endif %}{% endfor %}</td>{% endfor %}</tr>
{%- endfor %}
</tbody>
{%- endfor %}
</table>
</div>
<ul class="notes">
{%- for note in notes %}
<li>{{ note|code }}</li>
{%- endfor %}
</ul>
<h2 id="plots">Plots</h2>
<p>Mean of each hole ratio with its 95 % interval. The numbers are in <a href="table.csv">table.csv</a>, those of each
picture in <a href="per_image.csv">per_image.csv</a>.</p>
<div class="plots">
{%- for metric, path in plots %}
<img src="{{ path|url }}" alt="{{ metric.label }} against the hole ratio, a line for each method; the numbers are in the
table above">
{%- endfor %}
</div>
<h2 id="pictures">Pictures</h2>
<p>The worst and the best are so by {{ ranking.label }}. A sample that was chosen more than once is shown once.</p>
{%- for title, cases in sections.items() %}
<h3>{{ title }}</h3>
{%- for case in cases %}
{%- set sample = case.sample %}
<section class="case" id="sample-{{ sample.id }}">
<p><b>{{ sample.id }}</b>, hole {{ '%.1f'|format(100 * sample.hole_ratio) }} %,
{{ 'touches' if sample.border else 'off' }} the border; {{ case.reasons|join(', ') }}</p>
<div class="pictures">
{{- picture(pictures[sample.id].hole, 'Sample ' ~ sample.id ~ ', photo with its hole in white', 'photo with hole') }}
{%- for method, path in pictures[sample.id].results.items() %}
{%- set scores = scores_of(method, sample.id) %}
{{- picture(path, 'Sample ' ~ sample.id ~ ', filled by ' ~ method ~ ': ' ~ scores, method, scores) }}
{%- endfor %}
{{- picture(pictures[sample.id].truth, 'Sample ' ~ sample.id ~ ', the original photo', 'truth') }}
</div>
</section>
{%- endfor %}
{%- endfor %}
</main>
</body>
</html>
'''

PICTURE = '''{% macro picture(path, alt, title, scores='') %}
<figure><img src="{{ path|url }}" alt="{{ alt }}" width="{{ width }}" height="{{ height }}" loading="lazy">
<figcaption>{{ title }}{% if scores %}<br>{{ scores }}{% endif %}</figcaption></figure>
{%- endmacro %}
'''
