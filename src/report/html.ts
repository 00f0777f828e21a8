import type { CheckResult } from '../check.ts';
import type { Why } from '../counterexample/why.ts';
import { describeCommand, type Scope } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import { drawingLegend, guides, type MarkedDrawing, type MarkedLine, marked } from './drawing.ts';
import { script, style } from './html-page.ts';
import { brokenWords, type Finding, type Report, shellWords } from './report.ts';
import { coverageRows, deadText } from './text.ts';
import { changesOf } from './trace.ts';
import { whyLines } from './why.ts';
import { count, plural, scopeName, settings, statementOf } from './words.ts';
import { escaped } from './xml.ts';

/** A part of the page that another report makes: an ownership matrix, a picture. `body` is HTML. */
export interface Extra {
  readonly title: string;
  readonly body: string;
}

export interface HtmlOptions {
  /** What more there is to show of what was checked. */
  readonly extras?: (scope: Scope) => readonly Extra[];
  /** For each step of a counterexample, why it was refused, if it was. */
  readonly why?: (finding: Finding) => readonly (Why | undefined)[];
}

/** One search, as the console and the other formats have it. */
export interface Searched {
  readonly result: CheckResult;
  readonly report: Report;
}

/**
 * The results as one page that needs nothing else: no network, no other file. Every step of every counterexample is on the page; the
 * script only hides all but one, so that it can be read without.
 */
export const html = (searched: readonly Searched[], options: HtmlOptions = {}): string => {
  const names = [...new Set(searched.map(({ report }) => scopeName(report.scope)))];
  const title = `pagelaw: ${names.length > 3 ? plural(names.length, 'variant') : names.join(', ')}`;
  const shown = searched.flatMap(({ report }, i) =>
    report.findings.flatMap((finding, j) =>
      finding.counterexample ? [{ report, finding, id: idOf(i, j), why: options.why?.(finding) ?? [] }] : [],
    ),
  );
  const parts = searched.flatMap(({ report }) => options.extras?.(report.scope) ?? []);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p>${escaped(summary(searched.map(({ report }) => report)))}</p>
${shown.length > 0 ? '<p class="hint"><kbd>&larr;</kbd> <kbd>&rarr;</kbd> step, <kbd>Home</kbd> <kbd>End</kbd> first and last, <kbd>n</kbd> <kbd>p</kbd> next and previous counterexample</p>' : ''}
</header>
<main>
<h2 id="summary">Verdicts</h2>
${searched.map(summaryTable).join('\n')}
${shown.length > 0 ? `<h2 id="counterexamples">Counterexamples</h2>\n${shown.map(counterexample).join('\n')}` : ''}
${parts.map(({ title, body }) => `<h2>${escaped(title)}</h2>\n<div class="wide">${body}</div>`).join('\n')}
<h2 id="coverage">Coverage</h2>
${searched.map(coverage).join('\n')}
</main>
<script>${script}</script>
</body>
</html>
`;
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

const summaryTable = ({ report }: Searched, i: number): string => {
  const rows = report.findings.flatMap((finding, j) => {
    const { property, verdict, status, counterexample, note } = finding;
    if (property.witness && status === 'passed') return [];
    const steps = counterexample?.steps.length;
    const link = steps === undefined ? '' : `<a href="#${idOf(i, j)}">${plural(steps, 'call')}</a>`;
    return [
      `<tr><td class="name">${escaped(property.id)}</td><td><span class="badge ${status}">${escaped(verdict)}${status === 'known' ? ', known' : ''}</span></td><td>${link}</td><td>${escaped([statementOf(property), note].join(' '))}</td></tr>`,
    ];
  });
  const reached = report.findings.filter(({ property, status }) => property.witness && status === 'passed').length;
  if (reached > 0)
    rows.push(
      `<tr><td>${plural(reached, 'witness', 'witnesses')}</td><td><span class="badge passed">reached</span></td><td></td><td></td></tr>`,
    );
  return `<section>
<h3>${escaped(scopeName(report.scope))}</h3>
<p>${escaped(report.title)}. ${escaped(report.how)}: ${escaped(report.covered)}.${report.crossChecked === undefined ? '' : ` ${escaped(report.crossChecked)}`}</p>
<div class="wide"><table><thead><tr><th>property</th><th>verdict</th><th>trace</th><th>statement</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div>
<details><summary>Scope, and what was not checked</summary>
<p><code>${escaped(settings(report.scope.config))}</code></p>
<p><code>${escaped(settings(report.scope.switches))}</code></p>
<ul>${report.notChecked.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>
</details>
</section>`;
};

interface Shown {
  readonly report: Report;
  readonly finding: Finding;
  readonly id: string;
  readonly why: readonly (Why | undefined)[];
}

const counterexample = ({ report, finding, id, why }: Shown): string => {
  const { property, verdict, status } = finding;
  const { steps, trace, command } = finding.counterexample!;
  const broken = `<p class="broken">${escaped(brokenWords(trace))}</p>`;
  const panels = [
    `<div class="step" data-step="0"><p class="call">initial state</p>${drawings(report, report.initial)}${steps.length === 0 ? broken : ''}</div>`,
    ...steps.map(
      (step, i) =>
        `<div class="step" data-step="${i + 1}"><p class="call">${i + 1}. <code>${escaped(callWords(report, step))}</code>: ${result(step)}</p>${inKernel(report, step)}${whyText(why[i])}${what(report, step)}${i === steps.length - 1 ? broken : ''}</div>`,
    ),
  ];
  const list = [
    '<li><button type="button" data-go="0">initial state</button></li>',
    ...steps.map(
      (step, i) =>
        `<li${i === trace.loop ? ' class="loop"' : ''}><button type="button" data-go="${i + 1}"><code>${escaped(callWords(report, step))}</code> ${result(step)}</button></li>`,
    ),
  ];
  return `<section class="counterexample" id="${id}" tabindex="0" aria-label="${escaped(property.id)}">
<h3>${escaped(scopeName(report.scope))} ${escaped(property.id)} <span class="badge ${status}">${escaped(verdict)}${status === 'known' ? ', known' : ''}</span></h3>
<p>${escaped(statementOf(property))}</p>
${report.legend === undefined ? '' : `<p class="hint">${escaped(report.legend)}</p>`}
<div class="stepper">
<div class="calls">
<p class="controls"><button type="button" data-by="-1" aria-label="previous step">&larr;</button> <output aria-live="polite"></output> <button type="button" data-by="1" aria-label="next step">&rarr;</button></p>
<ol start="0">
${list.join('\n')}
</ol>
</div>
<div class="steps">
${panels.join('\n')}
</div>
</div>
<p class="hint">To reproduce: <code>${escaped(shellWords(command))}</code></p>
</section>`;
};

/** The call, or the step that a thread takes by it. */
const callWords = ({ lane }: Report, step: Step): string => {
  const taken = lane?.(step);
  return taken ? `${taken.thread}: ${taken.step}` : describeCommand(step.command);
};

const result = ({ outcome }: Step): string =>
  `<span class="${outcome.result}">${escaped(describeOutcome(outcome))}</span>`;

const whyText = (why: Why | undefined): string =>
  whyLines(why)
    .map((line) => `<p class="why">${escaped(line)}</p>`)
    .join('');

const inKernel = ({ kernel }: Report, { command }: Step): string =>
  kernel[command.kind] === undefined ? '' : `<p class="hint">${escaped(kernel[command.kind]!)}</p>`;

/** The state drawn, with the changed fields for those who ask; those alone where the model is not drawn. */
const what = (report: Report, step: Step): string =>
  report.draw && changesOf(step).length > 0
    ? `${drawings(report, step.outcome.state, step.before)}<details><summary>changed fields</summary>${changes(step)}</details>`
    : `${changes(step)}${drawings(report, step.outcome.state, step.before)}`;

const changes = (step: Step): string => {
  const changed = changesOf(step);
  if (changed.length === 0) return '<p class="hint">changes nothing</p>';
  const rows = changed.map(
    ([path, was, is]) =>
      `<tr><td>${escaped(path)}</td><td>${was === '-' ? '' : `<del>${escaped(was)}</del>`}</td><td>${is === '-' ? '(gone)' : `<ins>${escaped(is)}</ins>`}</td></tr>`,
  );
  return `<div class="wide"><table class="changes"><tbody>${rows.join('')}</tbody></table></div>`;
};

const drawings = ({ draw }: Report, state: unknown, before?: unknown): string => {
  if (!draw) return '';
  const parts = marked(draw(state), before === undefined ? undefined : draw(before));
  return `<div class="drawings">${parts.map(drawing).join('')}</div>${before === undefined ? `<p class="hint">${escaped(drawingLegend)}</p>` : ''}`;
};

const drawing = ({ title, columns, isTree, lines }: MarkedDrawing): string =>
  `<table class="drawing"><thead><tr><th></th><th>${escaped(title)}</th>${columns.map((column) => `<th>${escaped(column)}</th>`).join('')}<th></th></tr></thead><tbody>${lines.map((line) => drawingRow(line, isTree)).join('')}</tbody></table>`;

const signs = { same: '', changed: '*', new: '+', gone: '-' } as const;

const drawingRow = (line: MarkedLine, isTree: boolean): string => {
  const { name, cells, mark, stale } = line;
  const shown = cells.map(({ text, was }) =>
    was === undefined
      ? `<td>${escaped(text)}</td>`
      : `<td><del>${escaped(was || '-')}</del> <ins>${escaped(text || '-')}</ins></td>`,
  );
  return `<tr class="${mark}${stale === undefined ? '' : ' stale'}"><td>${stale === undefined ? signs[mark] : '!'}</td><td>${escaped(guides(line, isTree) + name)}</td>${shown.join('')}<td>${escaped(stale ?? '')}</td></tr>`;
};

const coverage = ({ result }: Searched): string => {
  const rows = coverageRows(result).map(
    ([command, tried, outcome, times]) =>
      `<tr><td class="name">${escaped(command)}</td><td class="number">${tried}</td><td>${escaped(outcome)}</td><td class="number">${times}</td></tr>`,
  );
  const dead = result.dead ? `<pre>${escaped(deadText(result.dead).join('\n'))}</pre>` : '';
  return `<details><summary>${escaped(scopeName(result.scope))}, ${result.search.kind}: ${count(result.covered.transitions)} calls</summary>
<div class="wide"><table><thead><tr><th>command</th><th>tried</th><th>result</th><th>times</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div>${dead}</details>`;
};
