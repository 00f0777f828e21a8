import type { Why } from '../trace/why.ts';
import { type Block, type List, paragraph, type Section, type VerdictEntry, type Words } from './document.ts';
import type { Finding, Report } from './report.ts';
import { brokenWords, traceBlock } from './trace.ts';
import { plural, scopeName, settings, statementOf } from './words.ts';

/** What searches found, as sections for a mail, an issue or a page: one for each search of a variant. */
export const findingBlocks = (
  reports: readonly Report[],
  why: (finding: Finding) => readonly (Why | undefined)[] = () => [],
): Section[] => reports.map((report, search) => reportSection(report, search, why));

const reportSection = (
  report: Report,
  search: number,
  why: (finding: Finding) => readonly (Why | undefined)[],
): Section => {
  const { scope, title, findings } = report;
  const idOf = (finding: Finding) => `counterexample-${search}-${findings.indexOf(finding)}`;
  const shown = findings.filter(({ counterexample }) => counterexample);
  return {
    kind: 'section',
    title: `${scopeName(scope)}: ${tallyWords(findings)}`,
    blocks: [
      paragraph(title),
      { kind: 'verdicts', entries: verdictEntries(findings, idOf) },
      ...shown.map((finding) => counterexampleSection(report, finding, idOf(finding), why(finding))),
      scopeList(report),
      ...kernelLists(report, shown),
      {
        kind: 'list',
        intro: 'Not checked:',
        items: report.notChecked.map((text) => ({ text })),
        sign: '- ',
        folded: true,
      },
    ],
  };
};

/** `2 known defects, 9 properties hold`; of a single property its verdict. */
const tallyWords = (findings: readonly Finding[]): string => {
  const [only] = findings;
  if (findings.length === 1 && only) return `${only.property.id} is ${only.verdict}`;
  const counted = (status: Finding['status'], one: string, many: string) => {
    const n = findings.filter((finding) => finding.status === status && isCounted(finding)).length;
    return n === 0 ? [] : [plural(n, one, many)];
  };
  return [
    ...counted('failed', 'unexpected verdict', 'unexpected verdicts'),
    ...counted('known', 'known defect', 'known defects'),
    ...counted('passed', 'property holds', 'properties hold'),
    ...counted('open', 'left open', 'left open'),
  ].join(', ');
};

/** A witness that is reached, or that random runs did not reach, says nothing of the code. */
const isCounted = ({ property, status }: Finding) => !property.witness || status === 'failed';

/** An entry for each finding; witnesses that are reached, or that random runs did not reach, have one together. */
const verdictEntries = (findings: readonly Finding[], idOf: (finding: Finding) => string): VerdictEntry[] => {
  const isCountedOnly = ({ property, status, verdict }: Finding) =>
    property.witness && (status === 'passed' || verdict === 'not found');
  const entries = findings
    .filter((finding) => !isCountedOnly(finding))
    .map((finding): VerdictEntry => {
      const { property, verdict, status, note, counterexample } = finding;
      return {
        name: property.id,
        verdict,
        status,
        statement: statementOf(property),
        note,
        ...(counterexample && { trace: { id: idOf(finding), calls: counterexample.steps.length } }),
      };
    });
  const counted = findings.filter(isCountedOnly);
  for (const verdict of new Set(counted.map((finding) => finding.verdict))) {
    const group = counted.filter((finding) => finding.verdict === verdict);
    const name = plural(group.length, 'witness', 'witnesses');
    entries.push({ name, verdict, status: group[0]!.status, statement: '', note: '' });
  }
  return entries;
};

const counterexampleSection = (
  report: Report,
  { property, verdict, status, counterexample }: Finding,
  id: string,
  why: readonly (Why | undefined)[],
): Section => {
  const { steps, trace, command } = counterexample!;
  return {
    kind: 'section',
    title: `${property.id}: ${verdict}${status === 'known' ? ' (known)' : ''}`,
    id,
    blocks: [
      { kind: 'paragraph', lines: [statementOf(property)], indent: 2, tight: true },
      traceBlock(report, steps, { detail: 'changes', loop: trace.loop, broken: brokenWords(trace), why }),
      { kind: 'paragraph', lines: ['To reproduce:'], indent: 2 },
      { kind: 'command', words: command, tight: true },
    ],
  };
};

const scopeList = ({ how, covered, crossChecked, scope, legend }: Report): List => {
  const lines: Words[] = [
    `${how}: ${covered}`,
    crossChecked ?? '',
    { text: settings(scope.config), tone: 'code' },
    { text: settings(scope.switches), tone: 'code' },
    legend ?? '',
  ];
  const said = lines.filter((line) => (typeof line === 'string' ? line : 'text' in line && line.text) !== '');
  return { kind: 'list', intro: 'Scope:', items: said.map((text) => ({ text })), folded: true };
};

/** What the calls of the counterexamples are in the kernel. */
const kernelLists = ({ kernel }: Report, shown: readonly Finding[]): Block[] => {
  const kinds = shown.flatMap(({ counterexample }) => counterexample!.steps.map(({ command }) => command.kind));
  const items = [...new Set(kinds)].flatMap((kind) => (kernel[kind] ? [{ text: `${kind}: ${kernel[kind]}` }] : []));
  return items.length === 0 ? [] : [{ kind: 'list', intro: 'Calls, in the kernel:', items, folded: true }];
};

/** How verdicts of several searches compare: `12 verdicts: 2 violated as listed, 10 proved.` */
export const verdictTally = (reports: readonly Report[]): string => {
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
