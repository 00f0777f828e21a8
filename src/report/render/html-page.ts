/** The look of the HTML report. Colours follow the reader's light or dark setting. */
export const style = `
:root { color-scheme: light dark; --ink: light-dark(#1a1c1e, #e3e5e8); --soft: light-dark(#5b6168, #9aa2ab); --paper: light-dark(#ffffff, #15181b);
  --panel: light-dark(#f4f5f7, #1e2226); --line: light-dark(#d5d9de, #363c43); --bad: light-dark(#b3261e, #ff8a80); --good: light-dark(#1b6e3c, #7fd6a0);
  --warn: light-dark(#8a5a00, #f0c060); --mark: light-dark(#fff3c4, #40370f); --focus: light-dark(#1558b0, #8ab4f8); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem 1.25rem 4rem; color: var(--ink); background: var(--paper); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; } p { margin: .35rem 0; }
code, pre, kbd, .name, .drawing, .changes { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .87em; }
pre { white-space: pre-wrap; } kbd { border: 1px solid var(--line); border-radius: 3px; padding: 0 .3em; }
.hint { color: var(--soft); font-size: .9em; } .wide { overflow-x: auto; }
table { border-collapse: collapse; } th { text-align: left; font-weight: 600; color: var(--soft); }
td, th { padding: .12rem .7rem .12rem 0; vertical-align: top; } .number { text-align: right; }
.name { white-space: nowrap; } a { color: var(--focus); white-space: nowrap; }
.badge { border: 1px solid currentColor; border-radius: 999px; padding: 0 .55em; font: 600 .8rem system-ui, sans-serif; white-space: nowrap; }
.failed, .refused, .panic, .broken { color: var(--bad); } .known { color: var(--warn); } .passed { color: var(--good); } .open { color: var(--soft); }
.counterexample { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .25rem 1rem .75rem; margin: 1rem 0; scroll-margin-top: .5rem; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
.stepper { display: grid; grid-template-columns: minmax(15rem, 24rem) 1fr; gap: 1.5rem; margin: .5rem 0; }
.calls ol { margin: 0; padding-left: 1.8rem; } .calls li::marker { color: var(--soft); font-size: .85em; }
.calls li.loop { border-top: 2px dashed var(--warn); }
.calls li button { vertical-align: top; width: 100%; text-align: left; background: none; border: 0; border-radius: 4px; padding: .1rem .35rem; color: inherit; font: inherit; font-size: .92em; cursor: pointer; }
.calls li button[aria-current] { background: var(--mark); }
.controls button { font: inherit; min-width: 2.2rem; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 4px; cursor: pointer; }
.controls button:disabled { opacity: .4; cursor: default; }
.controls { display: none; } .js .controls { display: block; } .js .step:not(.current) { display: none; }
.why { font-size: .92em; max-width: 46rem; } .step { min-width: 0; } .call { font-weight: 600; } .broken { font-weight: 600; }
.steps { min-width: 0; overflow-x: auto; } .drawings { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; align-items: flex-start; margin-top: .6rem; }
.drawing td, .drawing th { white-space: pre; line-height: 1.3; } .drawing tr.changed, .drawing tr.new { background: var(--mark); }
.drawing tr.gone { color: var(--soft); font-style: italic; } .drawing tr.stale { color: var(--bad); font-weight: 600; }
del { color: var(--soft); } ins { text-decoration: none; font-weight: 600; }
.matrix tbody { white-space: nowrap; } .bad { color: var(--bad); } .good { color: var(--good); } .doubtful { color: var(--warn); } .dim { color: var(--soft); }
details { margin: .4rem 0; } summary { cursor: pointer; }
@media (max-width: 46rem) { .stepper { grid-template-columns: 1fr; } }
@media print { .js .step:not(.current) { display: block; } .controls { display: none !important; } }
`;

/** Shows one step of each counterexample at a time. Plain JavaScript for a browser, without libraries. */
export const script = `
'use strict';
(() => {
  const all = [...document.querySelectorAll('.counterexample')];
  if (all.length === 0) return;
  document.documentElement.classList.add('js');
  const at = new Map();
  const show = (section, wanted) => {
    const steps = [...section.querySelectorAll('.step')];
    const step = Math.max(0, Math.min(steps.length - 1, wanted));
    at.set(section, step);
    steps.forEach((one, i) => one.classList.toggle('current', i === step));
    for (const button of section.querySelectorAll('[data-go]'))
      if (Number(button.dataset.go) === step) button.setAttribute('aria-current', 'step');
      else button.removeAttribute('aria-current');
    section.querySelector('output').textContent = 'step ' + step + ' of ' + (steps.length - 1);
    section.querySelector('[data-by="-1"]').disabled = step === 0;
    section.querySelector('[data-by="1"]').disabled = step === steps.length - 1;
  };
  for (const section of all) {
    show(section, Infinity);
    section.addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (!button) return;
      if (button.dataset.go !== undefined) show(section, Number(button.dataset.go));
      else show(section, at.get(section) + Number(button.dataset.by));
    });
  }
  // The one that has the focus, else the first whose end is still below the top of the window.
  const current = () =>
    document.activeElement?.closest?.('.counterexample') ??
    all.find((section) => section.getBoundingClientRect().bottom > 80) ?? all.at(-1);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest('input, select, textarea')) return;
    const section = current();
    const inside = document.activeElement?.closest?.('.counterexample');
    const moves = { ArrowLeft: -1, ArrowRight: 1 };
    if (event.key in moves) show(section, at.get(section) + moves[event.key]);
    else if (event.key === 'Home' && inside) show(section, 0);
    else if (event.key === 'End' && inside) show(section, Infinity);
    else if (event.key === 'n' || event.key === 'p') {
      const i = inside ? all.indexOf(inside) + (event.key === 'n' ? 1 : -1) : event.key === 'n' ? 0 : all.length - 1;
      const next = all[Math.max(0, Math.min(all.length - 1, i))];
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: 'start' });
    } else return;
    event.preventDefault();
  });
})();
`;
