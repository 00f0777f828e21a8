import { type Cell, type Matrix, matrixOf } from '../audit/matrix.ts';
import type { AuditResult, Family, LifeCycle, Movement, Rule, RuleTable } from '../audit/result.ts';
import { edgesOf } from './life-graph.ts';
import { callsText, changesWords, conditionWords, resultWords } from './rule-words.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';
import { boundWords, count, fitted, glued, plural, scopeName, settings, unglued, wrapped } from './words.ts';

/** The report of `audit`: the ownership matrix and the life cycle of a page, which answer most questions, then the rules of each command. */
export const auditText = (result: AuditResult, style: Style, refusals: boolean): string => {
  const { scope, title, legend, tables, life } = result;
  const head = [
    `${style.bold(scopeName(scope))}: ${title}`,
    wrapped([settings(scope.config), exploredWords(result)].filter((part) => part !== '').join('; '), 78),
    ...(result.environment.length > 0 ? [wrapped(givenWords(result), 78)] : []),
    ...(legend === undefined ? [] : [wrapped(legend, 78)]),
  ].join('\n');
  const rules =
    tables.length === 0
      ? []
      : [
          [style.bold('Rules'), ...rulesLegend(result).map((line) => wrapped(line, 78))].join('\n'),
          ...tables.map((one) => rulesText(one, result, style)),
        ];
  return `${fitted([head, ...(life ? lifeText(life, style, refusals) : [noClasses(result)]), ...rules].join('\n\n'))}\n`;
};

/** What is taken for given, such as what the host is trusted with: `given debug=false ffaTrusted=true`. */
export const givenWords = ({ scope, environment }: AuditResult): string =>
  `given ${settings(Object.fromEntries(environment.map((name) => [name, scope.switches[name]!])))}`;

export const exploredWords = ({ states, depth, bound }: AuditResult): string =>
  `${bound ? `${boundWords(bound)}: ` : ''}${plural(states, 'state')} up to ${plural(depth, 'call')} deep`;

/** What the words of the rules mean: those that occur in them. A sentence or two in each string. */
export const rulesLegend = ({ bound, tables }: AuditResult): string[] => {
  const rules = tables.flatMap((one) => one.rules);
  const families = rules.flatMap(({ family }) => family ?? []);
  return [
    'if: what the function reads, in its order; calls: in the shortest trace that shows the case, this call included; ' +
      `${bound ? 'not seen: by no state before the bound' : 'dead: no reachable state takes it'}.`,
    ...(families.length > 0 ? ['in n cases: one row for n that have one result; --command shows each.'] : []),
    ...(rules.some(({ onlyIf }) => onlyIf) ? ['only: what all cases of a result have in common.'] : []),
    ...(families.some(({ untried }) => untried) || rules.some(({ result }) => result.kind === 'untried')
      ? [
          `not tried, not all tried: states that are ${bound ? 'not seen' : 'unreachable'} are too many to run the function in each, so there may be ` +
            `more such cases, with other results.${bound ? '' : ' No case of a reachable state is left out.'}`,
        ]
      : []),
  ];
};

export const noClasses = ({ scope }: AuditResult): string =>
  `${scope.model} does not classify its pages: no ownership matrix and no life cycle.`;

/** The number of calls of a rule's witness, or that it has none. */
export const witnessWords = ({ witness, result }: Rule, { bound }: AuditResult): string => {
  if (witness !== undefined) return String(witness);
  if (result.kind === 'untried') return '?';
  return bound ? 'not seen' : 'dead';
};

/** What a rule leaves out that stands for several cases. */
export const familyWords = ({ live, dead, untried, reads }: Family, { bound }: AuditResult): string => {
  const kind = bound ? 'case not seen' : 'dead case';
  const seen = live[1] > 0 ? [`in ${boundsWords(live, 'case')}`] : [];
  const unseen = dead[1] > 0 ? [boundsWords(dead, kind, kind.replace('case', 'cases'))] : [];
  const cases = [...seen, ...unseen].join(' and ');
  return `${cases === '' ? 'cases' : cases}${untried ? ' (not all tried)' : ''}, told apart by ${reads.join(', ')}`;
};

const boundsWords = ([least, most]: Family['live'], one: string, many = `${one}s`): string =>
  least === most ? plural(most, one, many) : `${count(least)} to ${plural(most, one, many)}`;

/** Of the text of a case, beside its labels. */
const width = 59;

/** More cases than this that no explored state takes are only counted. */
const mostUnseen = 24;

/** The rules that are told one by one, and a row for the others. */
export const shortened = (
  { rules }: RuleTable,
  result: AuditResult,
): { readonly shown: readonly Rule[]; readonly rest?: { readonly calls: string; readonly words: string } } => {
  const unseen = rules.filter(({ witness }) => witness === undefined);
  if (unseen.length <= mostUnseen) return { shown: rules };
  const untried = unseen.filter((rule) => rule.result.kind === 'untried').length;
  const words = `${plural(unseen.length - untried, 'more case')}${untried > 0 ? `, and ${count(untried)} not tried` : ''} (--format csv has each)`;
  return {
    shown: rules.filter(({ witness }) => witness !== undefined),
    rest: { calls: result.bound ? 'not seen' : 'dead', words },
  };
};

function rulesText(one: RuleTable, result: AuditResult, style: Style): string {
  const { shown, rest } = shortened(one, result);
  const rows = shown.map((rule, i) => {
    const { conditions, family, changes } = rule;
    const writes = family?.writes ?? [];
    const parts = [
      [rule.onlyIf ? 'only' : 'if', listed(conditions.map(conditionWords), width) || (rule.onlyIf ? '' : 'always')],
      ['then', wrapped(resultWords(rule.result), width)],
      ['', family ? wrapped(familyWords(family, result), width) : ''],
      ['sets', listed(changesWords(changes), width)],
      [
        changes.length === 0 ? 'sets' : '',
        writes.length > 0 ? wrapped(`in some cases ${writes.join(', ')}`, width) : '',
      ],
    ].filter(([, words]) => words !== '');
    const text = parts
      .map(([label, words]) => `${label!.padEnd(6)}${words!.replaceAll('\n', `\n${' '.repeat(6)}`)}`)
      .join('\n');
    const witness = witnessWords(rule, result);
    return [String(i + 1), witness, rule.witness === undefined ? text.split('\n').map(style.dim).join('\n') : text];
  });
  if (rest) rows.push([String(shown.length + 1), rest.calls, style.dim(rest.words)]);
  return `${style.bold(callsText(one, 78))}\n${table(['#', 'calls', 'case'], rows, ['#', 'calls'])}`;
}

function lifeText(life: LifeCycle, style: Style, refusals: boolean): string[] {
  const matrix = matrixOf(life);
  return [
    `${style.bold(matrixTitle(life))}\n${wrapped(`-> n: ${matrixLegend(life)}`, 78)}`,
    ...matrixParts(matrix, life).map((columns) => matrixText(matrix, columns, life)),
    [style.bold(lifeTitle(life)), ...lifeLines(life, refusals)].join('\n'),
  ];
}

/** `page`, of `a page`. */
export const subjectOf = ({ subject }: LifeCycle): string => subject.replace(/^an? /, '');

export const matrixTitle = (life: LifeCycle): string =>
  `What ${life.of === 'steps' ? 'steps of threads' : 'calls'} do to the ${subjectOf(life)}${life.several ? ' they name' : ''}`;

export const lifeTitle = ({ subject }: LifeCycle): string => `Life cycle of ${subject}`;

/** What cells mean, after `-> n: `. */
export const matrixLegend = (life: LifeCycle): string => {
  const { of, movements } = life;
  const refused = movements.some(({ result }) => result.kind === 'refused') ? '; EPERM: refused' : '';
  const gone = movements.some(({ named, to, result }) => named && to === undefined && result.kind !== 'panic')
    ? '; gone: in no class any more'
    : '';
  const onward = movements.some(({ named, result, from, to }) => named && result.kind === 'refused' && to !== from)
    ? '; EAGAIN -> n: refused, and it is in class n then'
    : '';
  const several = matrixOf(life).rows.some(({ cells }) => cells.some((cell) => cellWords(cell, String).length > 1))
    ? ' Several in a cell: it depends on arguments or on the rest of the state; --command NAME tells.'
    : '';
  const words = `ok: it stays in its class${refused}${onward}${gone}`;
  return of === 'steps'
    ? `the ${subjectOf(life)} is in class n after the step; ${words}; -: no thread takes the step then.${several}`
    : `the call succeeds, and the ${subjectOf(life)} is in class n then; ${words}; -: no such call is made then.${several}`;
};

/** What a cell says: `-> 3`, `ok`, `EPERM`, `panic`; one a line. */
export const cellWords = (cell: Cell, nameOf: (to: string) => string): string[] => {
  const words = new Set(cell.map((movement) => movementWords(movement, nameOf)));
  return words.size === 0 ? ['-'] : [...words].sort((a, b) => rank(a) - rank(b) || byNumber.compare(a, b));
};

const byNumber = new Intl.Collator('en', { numeric: true });

/** Changes of class first, then success, then errnos. */
const rank = (words: string) => (words.startsWith('->') ? 0 : words.startsWith('ok') ? 1 : words === 'panic' ? 3 : 2);

const movementWords = ({ from, to, result }: Movement, nameOf: (to: string) => string): string => {
  const next = to === from ? '' : to === undefined ? 'gone' : nameOf(to);
  const arrow = next === '' ? '' : `-> ${next}`;
  if (result.kind === 'refused') return [result.errno, arrow].join(' ').trim();
  if (result.kind !== 'ok') return result.kind;
  const warned = result.warnings.length > 0 ? ' WARN' : '';
  return `${arrow || 'ok'}${warned}`;
};

const numberIn = (classes: readonly string[], name: string) => String(classes.indexOf(name) + 1);

/** The columns that fit side by side beside the names of the classes. */
function matrixParts(matrix: Matrix, { classes }: LifeCycle): number[][] {
  const head = Math.max(...classes.map((name) => rowHead(name, classes).length)) + 2;
  const parts: number[][] = [];
  let left = 0;
  for (const [i, command] of matrix.commands.entries()) {
    const cells = matrix.rows.flatMap(({ cells }) => cellWords(cells[i]!, (to) => numberIn(classes, to)));
    const width = Math.max(...[...headLines(command), ...cells].map(({ length }) => length)) + 2;
    if (left < width || parts.length === 0) {
      parts.push([]);
      left = 80 - head;
    }
    parts.at(-1)!.push(i);
    left -= width;
  }
  return parts;
}

const rowHead = (name: string, classes: readonly string[]) =>
  `${numberIn(classes, name).padStart(String(classes.length).length)} ${name}`;

function matrixText({ commands, rows }: Matrix, columns: readonly number[], life: LifeCycle): string {
  const { classes } = life;
  const head = [subjectOf(life), ...columns.map((i) => headLines(commands[i]!).join('\n'))];
  const body = rows
    .filter(({ cells }) => cells.some((cell) => cell.length > 0))
    .map(({ from, cells }) => [
      rowHead(from, classes),
      ...columns.map((i) => cellWords(cells[i]!, (to) => numberIn(classes, to)).join('\n')),
    ]);
  return table(head, body);
}

/** A name broken at underscores and spaces into lines of some ten characters. */
const headLines = (command: string): string[] => {
  const lines: string[] = [];
  for (const word of command.split(/(?<=[_ ])/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.trimEnd().length <= 12) lines[lines.length - 1] = last + word;
    else lines.push(word);
  }
  return lines.map((line) => line.trimEnd());
};

function lifeLines(life: LifeCycle, refusals: boolean): string[] {
  const { classes, initial } = life;
  const edges = edgesOf(life, refusals);
  return classes.flatMap((name, i) => {
    const leaving = edges.filter(({ from }) => from === i);
    return [
      `${rowHead(name, classes)}${initial.includes(name) ? ' (initially)' : ''}`,
      ...[...new Set(leaving.map(({ to }) => to))].flatMap((to) => [
        `     -> ${to === undefined ? 'panic' : rowHead(classes[to]!, classes).trim()}`,
        listed(
          leaving
            .filter((edge) => edge.to === to)
            .flatMap(({ named, labels }) => labels.map((label) => (named ? label : `${label} (side effect)`))),
          70,
          '          ',
        ),
      ]),
    ];
  });
}

/** Joined by commas and broken into lines there, not inside an item that fits into one. */
const listed = (items: readonly string[], width: number, indent = ''): string =>
  unglued(wrapped(items.map(glued).join(', '), width, indent));
