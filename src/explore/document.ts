/** The page before its script has been loaded. `start`: the link that it opens at where its address says none. `edition`: of the script. `module`: the model's file. */
export const document = (start: string, edition: number, module?: string): string => `<!doctype html>
<html lang="en" data-start="${escaped(start)}" data-edition="${edition}"${module === undefined ? '' : ` data-module="${escaped(module)}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>pagelaw explore</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<p id="news" class="note wrong" role="alert" hidden></p>
<div id="page"><p class="loading">Loading the model ...</p></div>
<noscript><p class="loading">The page runs the model in the browser, which needs JavaScript.</p></noscript>
<script type="module" data-page src="/page.js"></script>
</body>
</html>
`;

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

/** The look of the page. Colours follow the reader's light or dark setting. */
export const style = `
:root { color-scheme: light dark;
  --ink: light-dark(#16191d, #e6e8eb); --soft: light-dark(#565d66, #a0a8b2); --paper: light-dark(#f3f4f6, #101316); --panel: light-dark(#ffffff, #191d21);
  --raised: light-dark(#f7f8fa, #20252a); --line: light-dark(#dde1e6, #2f353c); --bad: light-dark(#b3261e, #ff9388); --good: light-dark(#17693a, #7fd6a0);
  --warn: light-dark(#825500, #f0c060); --mark: light-dark(#fff1b8, #443a0e); --focus: light-dark(#1558b0, #8ab4f8); --tint: light-dark(#e8f0fd, #1d2b42);
  --bad-tint: light-dark(#fdecea, #3a1f1d); --mono: ui-monospace, "DejaVu Sans Mono", monospace; --radius: 10px; }
* { box-sizing: border-box; }
html { height: 100%; } body { margin: 0; color: var(--ink); background: var(--paper); font: 15px/1.45 system-ui, sans-serif; }
h1, h2, h3, p, ol, ul { margin: 0; padding: 0; } ol, ul { list-style: none; }
h1 { font-size: 1.1rem; font-weight: 650; } h2 { font-size: .95rem; font-weight: 650; } h3 { font-size: .85rem; font-weight: 600; font-family: var(--mono); overflow-wrap: anywhere; }
button, select, input { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 7px; padding: .25rem .6rem; }
button { cursor: pointer; } button:hover:not(:disabled) { background: var(--tint); } button:disabled { opacity: .45; cursor: default; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
.mono, .call { font-family: var(--mono); font-size: .85em; } .soft { color: var(--soft); } .bad { color: var(--bad); } .good { color: var(--good); } .warn { color: var(--warn); }
.loading { padding: 3rem; color: var(--soft); text-align: center; }
.top { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; padding: .6rem 1rem; background: var(--panel); border-bottom: 1px solid var(--line); }
.brand { font: 650 .95rem var(--mono); color: var(--focus); } .top h1 { flex: 1 1 12rem; min-width: 0; }
.top label { display: flex; gap: .4rem; align-items: center; color: var(--soft); font-size: .9em; } .top select { color: var(--ink); max-width: 11rem; }
.settings { position: relative; } .settings > summary { cursor: pointer; border: 1px solid var(--line); border-radius: 7px; padding: .25rem .6rem; list-style: none; }
.settings > summary::-webkit-details-marker { display: none; }
.settings .sheet { position: absolute; right: 0; z-index: 3; margin-top: .4rem; width: min(34rem, calc(100vw - 2rem)); max-height: 70vh; overflow: auto; padding: .9rem; background: var(--panel); border: 1px solid var(--line); border-radius: var(--radius); box-shadow: 0 12px 32px #0003; }
.sheet .setting { display: grid; grid-template-columns: 1fr auto; gap: .1rem 1rem; padding: .45rem 0; border-bottom: 1px solid var(--line); color: inherit; }
.sheet .setting .doc { grid-column: 1 / -1; color: var(--soft); font-size: .88em; } .sheet .own { color: var(--warn); }
.sheet.forms { display: grid; gap: .4rem; width: 14rem; } .why { padding: .1rem .7rem .7rem; font-size: .92em; overflow-wrap: anywhere; } .why button { margin-top: .4rem; }
.note { padding: .5rem 1rem; background: var(--mark); border-bottom: 1px solid var(--line); } .note.wrong { background: var(--bad-tint); color: var(--bad); }
.columns { display: grid; gap: .75rem; padding: .75rem; grid-template: "state" auto "calls" auto "way" auto "lights" auto / minmax(0, 1fr); align-items: start; }
.way { grid-area: way; } .state { grid-area: state; } .calls { grid-area: calls; } .lights { grid-area: lights; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: var(--radius); padding: .8rem .9rem; min-width: 0; }
.head { display: flex; flex-wrap: wrap; gap: .4rem .35rem; align-items: center; margin-bottom: .55rem; } .head h2 { margin-right: auto; }
.head button { padding: .1rem .45rem; font-size: .9em; }
.way ol { position: relative; } .way ol::before { content: ""; position: absolute; left: .62rem; top: .9rem; bottom: .9rem; width: 2px; background: var(--line); }
.step { position: relative; display: block; width: 100%; text-align: left; border: 0; background: none; padding: .28rem .5rem .28rem 1.75rem; overflow-wrap: anywhere; }
.step::before { content: ""; position: absolute; left: .35rem; top: .62rem; width: .62rem; height: .62rem; border-radius: 50%; background: var(--good); box-shadow: 0 0 0 3px var(--panel); }
.step.refused::before, .step.panic::before { background: var(--bad); } .step.start::before { background: var(--soft); }
.step[aria-current] { background: var(--tint); } .step.start { font-size: .88em; } .step.later { opacity: .6; } .step .result { display: block; font-size: .85em; }
.step .broke { display: block; font-size: .85em; color: var(--bad); font-weight: 600; }
.legend { color: var(--soft); font-size: .88em; margin: -.25rem 0 .5rem; max-width: 60rem; } .last { min-height: 2.4rem; padding: .45rem .7rem; margin-bottom: .7rem; border-radius: 7px; background: var(--raised); overflow-wrap: anywhere; } .last.preview { background: var(--tint); } .last.refused, .last.panic { background: var(--bad-tint); }
.beside { margin-top: 1rem; padding-top: .8rem; border-top: 1px solid var(--line); } .state > h3, .beside h3 { margin-bottom: .5rem; } .step .there { color: var(--warn); } .step .there.first { background: var(--mark); border-radius: 4px; padding: .05rem .3rem; margin: .1rem 0 0 -.3rem; }
.drawings { display: flex; flex-wrap: wrap; gap: .75rem; align-items: flex-start; }
.drawing { max-width: 100%; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
.drawing table { border-collapse: collapse; font-family: var(--mono); font-size: .85em; }
.drawing thead td { background: var(--raised); } .drawing th { text-align: left; font-weight: 600; color: var(--soft); background: var(--raised); } .drawing thead th:first-child { color: var(--ink); }
.drawing td, .drawing th { padding: .16rem .7rem; white-space: pre; border-bottom: 1px solid var(--line); } .drawing tbody tr:last-child > * { border-bottom: 0; }
.drawing tbody th { color: inherit; background: none; font-weight: 500; } .drawing tr.changed, .drawing tr.new { background: var(--mark); }
.drawing tr.gone { color: var(--soft); text-decoration: line-through; } .drawing tr.stale { color: var(--bad); font-weight: 600; } .drawing tr.witness > * { box-shadow: inset 0 1px var(--bad), inset 0 -1px var(--bad); } .drawing tr.witness > th { color: var(--bad); font-weight: 700; }
.drawing .guide { color: var(--soft); }
del { color: var(--soft); } ins { text-decoration: none; font-weight: 700; }
.graph { margin-top: .9rem; } .graph > summary { cursor: pointer; font: .85em var(--mono); } .graph .head { margin: .5rem 0; } .graph .head p { flex: 1; font-size: .88em; }
.frame { max-height: 60vh; overflow: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--raised); cursor: grab; } .frame svg { display: block; font: 12px var(--mono); user-select: none; }
.arrow { fill: none; stroke: var(--soft); stroke-opacity: .45; stroke-width: 1.2; } .arrow.way { stroke: var(--focus); stroke-opacity: 1; stroke-width: 2; } .arrow:hover { stroke: var(--focus); stroke-opacity: 1; } #tip path { fill: var(--soft); }
.node { cursor: pointer; } .node rect { fill: var(--panel); stroke: var(--line); stroke-width: 1.2; } .node text { fill: var(--ink); } .node text.soft { fill: var(--soft); } .node.way rect { stroke: var(--focus); stroke-width: 2; } .node.here rect { fill: var(--tint); } .node:hover rect { fill: var(--tint); }
.node:focus-visible { outline: none; } .node:focus-visible rect { stroke: var(--focus); stroke-width: 3; }
.tree { margin-top: .9rem; font-family: var(--mono); font-size: .85em; } .tree summary { cursor: pointer; } .tree ul ul { margin-left: .55rem; padding-left: .75rem; border-left: 1px solid var(--line); }
.tree li { padding: .06rem 0; overflow-wrap: anywhere; } .tree .changed > .value, .tree .changed > details > summary > .value { background: var(--mark); border-radius: 3px; }
.tree .key { color: var(--soft); } .tree details[open] > summary > .value { display: none; }
.filter { width: 100%; margin-bottom: .5rem; } .kinds { display: flex; flex-wrap: wrap; gap: .35rem; margin-bottom: .4rem; }
.kinds button { padding: .05rem .6rem; border-radius: 999px; font-size: .85em; } .kinds button[aria-pressed="true"] { background: var(--tint); border-color: var(--focus); }
.group { padding: .5rem 0 .15rem; } .group + .group { border-top: 1px solid var(--line); } .group .kernel { font-size: .8em; color: var(--soft); overflow-wrap: anywhere; }
.choice { position: relative; display: flex; gap: .6rem; align-items: baseline; width: 100%; text-align: left; border: 0; background: none; padding: .18rem .45rem; }
.choice .args { flex: 1 0 30%; overflow-wrap: anywhere; } .choice .result { flex: 0 1 auto; max-width: 66%; text-wrap: balance; text-align: right; font-size: .86em; overflow-wrap: anywhere; } .choice.changes .args { font-weight: 650; }
.grid { overflow-x: auto; } .grid table { border-collapse: collapse; font: .82em var(--mono); } .grid th { font-weight: 500; text-align: left; padding: .1rem .5rem .1rem .45rem; white-space: nowrap; } .grid td { padding: 0; } .grid .choice { display: block; width: auto; padding: .12rem .5rem; white-space: nowrap; font-size: 1em; } .grid .choice.changes { font-weight: 650; }
.choice .errno { font: 600 .95em var(--mono); }
.light summary { display: grid; grid-template-columns: auto 1fr; gap: 0 .55rem; padding: .17rem 0; } .light > p { padding: .1rem 0 .4rem 1.3rem; } .witnesses { margin-top: .5rem; padding-top: .5rem; border-top: 1px solid var(--line); } .witnesses > summary { cursor: pointer; color: var(--soft); } .light .name { overflow-wrap: anywhere; }
.light-row { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 .4rem; align-items: start; } .light-row > button { margin-top: .1rem; padding: .02rem .5rem; font-size: .8em; color: var(--soft); }
.answer { grid-column: 1 / -1; margin: .2rem 0 .5rem 1.3rem; padding: .45rem .65rem; border-radius: 7px; background: var(--tint); font-size: .88em; overflow-wrap: anywhere; } .answer ol { margin: .3rem 0; } .answer li { padding-left: .6rem; border-left: 2px solid var(--focus); }
.answer progress { width: 100%; height: .35rem; accent-color: var(--focus); } .answer.failed { background: var(--bad-tint); }
.light .lamp { width: .75rem; height: .75rem; margin-top: .25rem; border-radius: 50%; background: var(--good); } .light.broken .lamp { background: var(--bad); border-radius: 2px; transform: rotate(45deg) scale(.9); }
.light.open .lamp { background: none; border: 2px solid var(--soft); } .light p { grid-column: 2; font-size: .87em; color: var(--soft); } .light .detail { color: var(--bad); } .light.found .detail { color: var(--good); }
.light summary { cursor: pointer; list-style: none; } .light summary::-webkit-details-marker { display: none; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.keys { padding: 0 1rem 1rem; color: var(--soft); font-size: .85em; } kbd { font: .95em var(--mono); border: 1px solid var(--line); border-radius: 4px; padding: 0 .35em; background: var(--panel); }
@media (min-width: 46rem) { .columns { grid-template: "state calls" auto "way calls" auto "lights calls" 1fr / minmax(0, 1fr) minmax(17rem, 24rem); } }
@media (min-width: 74rem) {
  body { height: 100vh; display: flex; flex-direction: column; } #page { flex: 1; min-height: 0; display: flex; flex-direction: column; }
  .columns { flex: 1; min-height: 0; align-items: stretch; grid-template: "way state calls" minmax(9rem, 1fr) "lights state calls" minmax(9rem, 1fr) / minmax(16rem, 21rem) minmax(0, 1fr) minmax(21rem, 28rem); }
  .card { overflow: auto; } .keys { padding-bottom: .5rem; }
}
@media (min-width: 120rem) { body { font-size: 17px; } .columns { grid-template-columns: 26rem minmax(0, 1fr) 38rem; } }
`;
