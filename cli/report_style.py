"""How a report looks: one style sheet, light or dark as the reader's system is."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fcfcfa; --card: #ffffff; --ink: #1c1d20; --quiet: #5d6068; --line: #dcdcd6; --grid: #ebebe6;
  --right: 37 99 235; --wrong: 217 119 6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #131417; --card: #1b1d21; --ink: #e9e9ec; --quiet: #a2a6ae; --line: #34373d; --grid: #2a2d32;
    --right: 96 146 250; --wrong: 235 140 30;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC",
    sans-serif;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; padding-top: .6rem; border-top: 1px solid var(--line); }
p { margin: .4rem 0 .8rem; max-width: 46rem; }
.quiet, figcaption { color: var(--quiet); font-size: .875rem; }
.headline { font-size: 1.05rem; }
.headline b { font-size: 1.5rem; font-variant-numeric: tabular-nums; margin-right: .15rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 1rem 0; font-size: .9375rem; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: .6rem 0 1rem; }
table { border-collapse: collapse; font-size: .9375rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--grid); }
thead th { color: var(--quiet); font-weight: 500; border-bottom: 1px solid var(--line); vertical-align: bottom; }
tbody th, th.first { text-align: left; font-weight: 500; overflow-wrap: anywhere; min-width: 4.5rem; max-width: 16rem; }
.matrix table { border-collapse: separate; border-spacing: 2px; font-size: .875rem; }
.matrix td {
  min-width: 3rem; padding: .3rem .45rem; border: 2px solid transparent; border-radius: 3px; text-align: center;
}
.matrix th { border: 0; padding: .3rem .45rem; max-width: 8rem; overflow-wrap: anywhere; }
.matrix thead th { text-align: center; }
.matrix tbody th, .matrix th.first { position: sticky; left: 0; background: var(--paper); text-align: right; }
td.hit { background: rgb(var(--right) / var(--strength)); border-color: var(--ink); font-weight: 700; }
td.miss { background: rgb(var(--wrong) / var(--strength)); }
td.none { color: var(--quiet); opacity: .65; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 1rem 2rem; }
figure { margin: 0; max-width: 28rem; }
figure b { font-weight: 600; font-size: .9375rem; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 11px; fill: var(--quiet); }
svg .name { text-anchor: middle; }
svg .grid { stroke: var(--grid); }
svg .axis { stroke: var(--quiet); }
svg polyline { fill: none; stroke-width: 1.75; stroke-linejoin: round; }
svg .training { stroke: rgb(var(--wrong)); }
svg .validation { stroke: rgb(var(--right)); }
svg .training.dot { fill: rgb(var(--wrong)); }
svg .validation.dot { fill: rgb(var(--right)); }
svg .best { fill: none; stroke: var(--ink); stroke-width: 1.5; }
svg .bar { fill: rgb(var(--right) / .55); stroke: rgb(var(--right)); }
svg .count { fill: var(--quiet); }
svg .mean { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }
svg .ideal { stroke: var(--ink); stroke-dasharray: 5 4; }
.mistake {
  margin: .8rem 0; padding: .7rem .9rem; background: var(--card); border: 1px solid var(--line); border-radius: 6px;
}
.mistake p { margin: .35rem 0; max-width: none; overflow-wrap: anywhere; }
.mistake .labels { font-size: .9375rem; }
.mistake .labels b { margin-right: .6rem; }
.mistake .text { font-size: 1.0625rem; line-height: 1.9; white-space: pre-wrap; }
.mistake .said { font-size: .875rem; color: var(--quiet); font-variant-numeric: tabular-nums; }
.mistake .said b { color: var(--ink); font-weight: 500; white-space: nowrap; }
.for, .against { padding: .15em .06em; border-radius: 2px; }
.for { background: rgb(var(--right) / var(--strength)); }
.against { background: rgb(var(--wrong) / var(--strength)); border-bottom: 2px dashed rgb(var(--wrong)); }
@media (max-width: 30rem) {
  body { padding: 1rem .75rem 3rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; }
  th, td { padding: .3rem .4rem; }
  table { font-size: .875rem; }
  .matrix table { border-spacing: 1px; font-size: .75rem; }
  .matrix td { min-width: 1.75rem; padding: .25rem .1rem; border-width: 1.5px; }
  .matrix th { padding: .25rem .1rem; min-width: 0; }
}
@media print { .mistake, figure { break-inside: avoid; } }
"""
