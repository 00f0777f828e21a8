import { type Cell, matrixOf } from '../audit/matrix.ts';
import type { LifeCycle, Movement } from '../audit/result.ts';
import type { Block, Section } from './document.ts';
import { lifeGraph } from './life-graph.ts';

/** The ownership matrix and the life cycle of a page. `name`: the variant, as the title of a picture. */
export const lifeSections = (life: LifeCycle, name: string, refusals: boolean): Section[] => [
  { kind: 'section', title: matrixTitle(life), blocks: matrixBlocks(life) },
  { kind: 'section', title: lifeTitle(life), blocks: [{ ...lifeGraph(life, name, refusals), tight: true }] },
];

const matrixBlocks = (life: LifeCycle): Block[] => {
  const { classes } = life;
  const { commands, rows } = matrixOf(life);
  const numberOf = (name: string) => String(classes.indexOf(name) + 1);
  const digits = String(classes.length).length;
  return [
    { kind: 'paragraph', lines: [`-> n: ${matrixLegend(life)}`], tight: true },
    {
      kind: 'matrix',
      heads: 'broken',
      lead: [subjectOf(life)],
      columns: commands,
      rows: rows
        .filter(({ cells }) => cells.some((cell) => cell.length > 0))
        .map(({ from, cells }) => ({
          lead: [`${numberOf(from).padStart(digits)} ${from}`],
          cells: cells.map((cell) => cellWords(cell, numberOf)),
        })),
    },
  ];
};

/** `page`, of `a page`. */
const subjectOf = ({ subject }: LifeCycle): string => subject.replace(/^an? /, '');

const matrixTitle = (life: LifeCycle): string =>
  `What ${life.of === 'steps' ? 'steps of threads' : 'calls'} do to the ${subjectOf(life)}${life.several ? ' they name' : ''}`;

const lifeTitle = ({ subject }: LifeCycle): string => `Life cycle of ${subject}`;

/** What cells mean, after `-> n: `. */
const matrixLegend = (life: LifeCycle): string => {
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
