import type { CheckResult } from '../job/check.ts';
import { describeCommand } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import type { Scope } from '../system/scope.ts';
import type { Why } from '../trace/why.ts';
import { drawingLegend, guides, type MarkedDrawing, type MarkedLine, marked } from './drawing.ts';
import { script, style } from './html-page.ts';
import { html, lines, type Markup, trusted } from './markup.ts';
import { brokenWords, type Finding, type Report, shellWords } from './report.ts';
import { coverageRows, deadText, type Unfinished, unfinishedWords } from './text.ts';
import { changesOf } from './trace.ts';
import { whyLines } from './why.ts';
import { countOrDash, plural, scopeName, settings, statementOf } from './words.ts';

/** A part of the page that another report makes: an ownership matrix, a picture. */
export interface Extra {
  readonly title: string;
  readonly body: Markup;
}

export interface HtmlOptions {
  /** What more there is to show of what was checked. */
  readonly extras?: (scope: Scope) => readonly Extra[];
  /** For each step of a counterexample, why it was refused, if it was. */
  readonly why?: (finding: Finding) => readonly (Why | undefined)[];
  /** What ended the checks before the last one. */
  readonly unfinished?: Unfinished | undefined;
}

/** One search, as the console and the other formats have it. */
export interface Searched {
  readonly result: CheckResult;
  readonly report: Report;
}

const keys = html`<p class="hint"><kbd>&larr;</kbd> <kbd>&rarr;</kbd> step, <kbd>Home</kbd> <kbd>End</kbd> first and last, <kbd>n</kbd> <kbd>p</kbd> next and previous counterexample</p>`;

const nothing = html``;

/**
 * The results as one page that needs nothing else: no network, no other file. Every step of every counterexample is on the page; the
 * script only hides all but one, so that it can be read without.
 */
export const htmlReport = (searched: readonly Searched[], options: HtmlOptions = {}): string => {
  const names = [...new Set(searched.map(({ report }) => scopeName(report.scope)))];
  const title = `pagelaw: ${names.length > 3 ? plural(names.length, 'variant') : names.join(', ')}`;
  const shown = searched.flatMap(({ report }, i) =>
    report.findings.flatMap((finding, j) =>
      finding.counterexample ? [{ report, finding, id: idOf(i, j), why: options.why?.(finding) ?? [] }] : [],
    ),
  );
  const parts = searched.flatMap(({ report }) => options.extras?.(report.scope) ?? []);
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p>${summary(searched.map(({ report }) => report))}</p>
${options.unfinished ? html`<p class="failed">${unfinishedWords(options.unfinished)}</p>` : nothing}
${shown.length > 0 ? keys : nothing}
</header>
<main>
<h2 id="summary">Verdicts</h2>
${lines(searched.map(summaryTable))}
${shown.length > 0 ? html`<h2 id="counterexamples">Counterexamples</h2>\n${lines(shown.map(counterexample))}` : nothing}
${lines(parts.map(({ title, body }) => html`<h2>${title}</h2>\n<div class="wide">${body}</div>`))}
<h2 id="coverage">Coverage</h2>
${lines(searched.map(coverage))}
</main>
<script>${trusted(script)}</script>
</body>
</html>
`);
};

const idOf = (search: number, finding: number) => `counterexample-${search}-${finding}`;

const summary = (reports: readonly Report[]): string => {
  // What several searches say of one property of one version counts once, and counts for what is known most of it.
  const distinct = new Map<string, Finding>();
  for (const { scope, findings } of reports)
    for (const finding of findings.filter(({ property }) => !property.witness)) {
      const key = `${scopeName(scope)} ${finding.property.id}`;
      if ((distinct.get(key)?.status ?? 'open') === 'open') distinct.set(key, finding);
    }
  const findings = [...distinct.values()];
  const of = (status: Finding['status']) => findings.filter((finding) => finding.status === status).length;
  const said = [
    [of('failed'), 'unexpected'],
    [of('known'), 'violated as listed'],
    [of('passed'), 'proved'],
    [of('open'), 'open'],
  ] as const;
  return `${plural(findings.length, 'verdict')}: ${said.flatMap(([n, what]) => (n > 0 ? [`${n} ${what}`] : [])).join(', ')}.`;
};

const badge = ({ status, verdict }: Finding): Markup =>
  html`<span class="badge ${status}">${verdict}${status === 'known' ? ', known' : ''}</span>`;

const summaryTable = ({ report }: Searched, i: number): Markup => {
  const rows = report.findings.flatMap((finding, j) => {
    const { property, status, counterexample, note } = finding;
    if (property.witness && status === 'passed') return [];
    const steps = counterexample?.steps.length;
    const link = steps === undefined ? nothing : html`<a href="#${idOf(i, j)}">${plural(steps, 'call')}</a>`;
    return [
      html`<tr><td class="name">${property.id}</td><td>${badge(finding)}</td><td>${link}</td><td>${[statementOf(property), note].join(' ')}</td></tr>`,
    ];
  });
  const reached = report.findings.filter(({ property, status }) => property.witness && status === 'passed').length;
  if (reached > 0)
    rows.push(
      html`<tr><td>${plural(reached, 'witness', 'witnesses')}</td><td><span class="badge passed">reached</span></td><td></td><td></td></tr>`,
    );
  const { scope, title, how, covered, crossChecked, notChecked } = report;
  return html`<section>
<h3>${scopeName(scope)}</h3>
<p>${title}. ${how}: ${covered}.${crossChecked === undefined ? '' : ` ${crossChecked}`}</p>
<div class="wide"><table><thead><tr><th>property</th><th>verdict</th><th>trace</th><th>statement</th></tr></thead><tbody>
${lines(rows)}
</tbody></table></div>
<details><summary>Scope, and what was not checked</summary>
<p><code>${settings(scope.config)}</code></p>
<p><code>${settings(scope.switches)}</code></p>
<ul>${notChecked.map((line) => html`<li>${line}</li>`)}</ul>
</details>
</section>`;
};

interface Shown {
  readonly report: Report;
  readonly finding: Finding;
  readonly id: string;
  readonly why: readonly (Why | undefined)[];
}

const counterexample = ({ report, finding, id, why }: Shown): Markup => {
  const { property } = finding;
  const { steps, trace, command } = finding.counterexample!;
  const broken = html`<p class="broken">${brokenWords(trace)}</p>`;
  const panels = [
    html`<div class="step" data-step="0"><p class="call">initial state</p>${drawings(report, report.initial)}${steps.length === 0 ? broken : nothing}</div>`,
    ...steps.map(
      (step, i) =>
        html`<div class="step" data-step="${i + 1}"><p class="call">${i + 1}. <code>${callWords(report, step)}</code>: ${result(step)}</p>${inKernel(report, step)}${whyText(why[i])}${what(report, step)}${i === steps.length - 1 ? broken : nothing}</div>`,
    ),
  ];
  const list = [
    html`<li><button type="button" data-go="0">initial state</button></li>`,
    ...steps.map(
      (step, i) =>
        html`<li${i === trace.loop ? html` class="loop"` : nothing}><button type="button" data-go="${i + 1}"><code>${callWords(report, step)}</code> ${result(step)}</button></li>`,
    ),
  ];
  return html`<section class="counterexample" id="${id}" tabindex="0" aria-label="${property.id}">
<h3>${scopeName(report.scope)} ${property.id} ${badge(finding)}</h3>
<p>${statementOf(property)}</p>
${report.legend === undefined ? nothing : html`<p class="hint">${report.legend}</p>`}
<div class="stepper">
<div class="calls">
<p class="controls"><button type="button" data-by="-1" aria-label="previous step">&larr;</button> <output aria-live="polite"></output> <button type="button" data-by="1" aria-label="next step">&rarr;</button></p>
<ol start="0">
${lines(list)}
</ol>
</div>
<div class="steps">
${lines(panels)}
</div>
</div>
<p class="hint">To reproduce: <code>${shellWords(command)}</code></p>
</section>`;
};

/** The call, or the step that a thread takes by it. */
const callWords = ({ lane }: Report, step: Step): string => {
  const taken = lane?.(step);
  return taken ? `${taken.thread}: ${taken.step}` : describeCommand(step.command);
};

const result = ({ outcome }: Step): Markup => html`<span class="${outcome.result}">${describeOutcome(outcome)}</span>`;

const whyText = (why: Why | undefined): Markup[] => whyLines(why).map((line) => html`<p class="why">${line}</p>`);

const inKernel = ({ kernel }: Report, { command }: Step): Markup =>
  kernel[command.kind] === undefined ? nothing : html`<p class="hint">${kernel[command.kind]!}</p>`;

/** The state drawn, with the changed fields for those who ask; those alone where the model is not drawn. */
const what = (report: Report, step: Step): Markup =>
  report.draw && changesOf(step).length > 0
    ? html`${drawings(report, step.outcome.state, step.before)}<details><summary>changed fields</summary>${changes(step)}</details>`
    : html`${changes(step)}${drawings(report, step.outcome.state, step.before)}`;

const changes = (step: Step): Markup => {
  const changed = changesOf(step);
  if (changed.length === 0) return html`<p class="hint">changes nothing</p>`;
  const rows = changed.map(
    ([path, was, is]) =>
      html`<tr><td>${path}</td><td>${was === '-' ? nothing : html`<del>${was}</del>`}</td><td>${is === '-' ? '(gone)' : html`<ins>${is}</ins>`}</td></tr>`,
  );
  return html`<div class="wide"><table class="changes"><tbody>${rows}</tbody></table></div>`;
};

const drawings = ({ draw }: Report, state: unknown, before?: unknown): Markup => {
  if (!draw) return nothing;
  const parts = marked(draw(state), before === undefined ? undefined : draw(before));
  return html`<div class="drawings">${parts.map(drawing)}</div>${before === undefined ? html`<p class="hint">${drawingLegend}</p>` : nothing}`;
};

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

const coverage = ({ result }: Searched): Markup => {
  const rows = coverageRows(result).map(
    ([command, tried, outcome, times]) =>
      html`<tr><td class="name">${command}</td><td class="number">${tried}</td><td>${outcome}</td><td class="number">${times}</td></tr>`,
  );
  const dead = result.dead ? html`<pre>${deadText(result.dead).join('\n')}</pre>` : nothing;
  return html`<details><summary>${scopeName(result.scope)}, ${result.search.kind}: ${countOrDash(result.covered.transitions)} calls</summary>
<div class="wide"><table><thead><tr><th>command</th><th>tried</th><th>result</th><th>times</th></tr></thead><tbody>
${lines(rows)}
</tbody></table></div>${dead}</details>`;
};
