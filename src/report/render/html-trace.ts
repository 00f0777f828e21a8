import type { MarkedDrawing, MarkedLine, Trace, TraceStep } from '../document.ts';
import { drawingLegend, guides } from './drawing-text.ts';
import { html, lines, type Markup } from './markup.ts';

const nothing = html``;

/** A trace as a list of calls beside panels with what each did; the page's script shows one panel at a time. */
export const traceMarkup = ({ initial, steps, loop, broken }: Trace): Markup => {
  const ending = broken === undefined ? nothing : html`<p class="broken">${broken}</p>`;
  const start = html`<div class="step" data-step="0"><p class="call">initial state</p>${drawings(initial, true)}${steps.length === 0 ? ending : nothing}</div>`;
  const panels = steps.map(
    (step, i) =>
      html`<div class="step" data-step="${i + 1}"><p class="call">${i + 1}. <code>${callOf(step)}</code>: ${resultOf(step)}</p>${about(step)}${effectOf(step)}${i === steps.length - 1 ? ending : nothing}</div>`,
  );
  const calls = steps.map(
    (step, i) =>
      html`<li${i === loop ? html` class="loop"` : nothing}><button type="button" data-go="${i + 1}"><code>${callOf(step)}</code> ${resultOf(step)}</button></li>`,
  );
  return html`<div class="stepper">
<div class="calls">
<p class="controls"><button type="button" data-by="-1" aria-label="previous step">&larr;</button> <output aria-live="polite"></output> <button type="button" data-by="1" aria-label="next step">&rarr;</button></p>
<ol start="0">
<li><button type="button" data-go="0">initial state</button></li>
${lines(calls)}
</ol>
</div>
<div class="steps">
${lines([start, ...panels])}
</div>
</div>`;
};

/** The call, or the step that a thread takes by it. */
const callOf = ({ call, lane }: TraceStep): string => (lane ? `${lane.thread}: ${lane.step}` : call);

const resultOf = ({ outcome, result }: TraceStep): Markup => html`<span class="${outcome}">${result}</span>`;

const about = ({ source, why, remarks }: TraceStep): Markup[] => [
  ...(source === undefined ? [] : [html`<p class="hint">${source}</p>`]),
  ...remarks.map((line) => html`<p class="hint">${line}</p>`),
  ...why.map((line) => html`<p class="why">${line}</p>`),
];

/** The state drawn, with the changed fields for those who ask; those alone where the state is not drawn. */
const effectOf = ({ drawing, changes }: TraceStep): Markup =>
  drawing.length > 0 && changes.length > 0
    ? html`${drawings(drawing, false)}<details><summary>changed fields</summary>${changesTable(changes)}</details>`
    : html`${changesTable(changes)}${drawings(drawing, false)}`;

const changesTable = (changes: TraceStep['changes']): Markup => {
  if (changes.length === 0) return html`<p class="hint">changes nothing</p>`;
  const rows = changes.map(
    ({ path, was, is }) =>
      html`<tr><td>${path}</td><td>${was === '-' ? nothing : html`<del>${was}</del>`}</td><td>${is === '-' ? '(gone)' : html`<ins>${is}</ins>`}</td></tr>`,
  );
  return html`<div class="wide"><table class="changes"><tbody>${rows}</tbody></table></div>`;
};

const drawings = (parts: readonly MarkedDrawing[], withLegend: boolean): Markup =>
  parts.length === 0
    ? nothing
    : html`<div class="drawings">${parts.map(drawing)}</div>${withLegend ? html`<p class="hint">${drawingLegend}</p>` : nothing}`;

const drawing = ({ title, columns, isTree, lines }: MarkedDrawing): Markup =>
  html`<table class="drawing"><thead><tr><th></th><th>${title}</th>${columns.map((column) => html`<th>${column}</th>`)}<th></th></tr></thead><tbody>${lines.map((line) => drawingRow(line, isTree))}</tbody></table>`;

const signs = { same: '', changed: '*', new: '+', gone: '-' } as const;

const drawingRow = (line: MarkedLine, isTree: boolean): Markup => {
  const { name, cells, mark, stale } = line;
  const shown = cells.map(({ text, was }) =>
    was === undefined ? html`<td>${text}</td>` : html`<td><del>${was || '-'}</del> <ins>${text || '-'}</ins></td>`,
  );
  return html`<tr class="${mark}${stale === undefined ? '' : ' stale'}"><td>${stale === undefined ? signs[mark] : '!'}</td><td>${guides(line, isTree) + name}</td>${shown}<td>${stale ?? ''}</td></tr>`;
};
