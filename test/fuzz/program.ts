import { inspect, isDeepStrictEqual } from 'node:util';
import { isDraft, produce } from 'immer';
import { match, P } from 'ts-pattern';
import * as vocabulary from '../../src/spec/index.ts';
import { domainText, type Fields, type RecordShape, type Shape, type VariantShape } from './shape.ts';
import { type Tree, textOf } from './tree.ts';

/** A model with its properties, as it is written. */
export interface Program {
  readonly state: Shape;
  readonly command: VariantShape;
  readonly initial: Tree;
  /** For each case of `command` a function of the state and the case's fields. */
  readonly rules: Readonly<Record<string, Tree>>;
  readonly laws: readonly Law[];
  /** In which states the model may end. */
  readonly done?: Tree;
  readonly symmetry?: readonly vocabulary.Interchangeable[];
}

export interface Law {
  readonly id: string;
  readonly kind: 'invariant' | 'stepProperty' | 'reachable' | 'reachableStep' | 'progress';
  readonly forEach?: RecordShape;
  /** By callback: the body of an arrow function. */
  readonly callbacks: Readonly<Record<string, Tree>>;
}

/** The program as a module, to be kept in a file: `pagelaw check FILE.mjs`. */
export const moduleText = (program: Program): string => {
  const body = `${bodyText(program)}\nexport default ${suiteText};`;
  const imports = [
    ['node:util', Object.keys(ofUtil)],
    ['immer', Object.keys(ofImmer)],
    ['pagelaw', imported],
    ['ts-pattern', Object.keys(ofPattern)],
  ] as const;
  const used = imports.flatMap(([from, names]) => {
    const here = names.filter((name) => new RegExp(`\\b${name}\\b`).test(body));
    return here.length === 0 ? [] : `import { ${here.join(', ')} } from '${from}';`;
  });
  return `${used.join('\n')}\n\n${indented(body)}\n`;
};

const suiteText = 'suite({ model, properties, violates: { only: [] } })';

/** What the text may use beside the vocabulary. */
const ofUtil = { inspect, isDeepStrictEqual };
const ofImmer = { isDraft, produce };
const ofPattern = { match, P };

/** The suite that the text of the module makes, run as it stands. */
export const suiteOf = (program: Program): vocabulary.Suite => {
  const others = { ...ofUtil, ...ofImmer, ...ofPattern };
  const code = `'use strict';
const { ${imported.join(', ')} } = vocabulary;
${bodyText(program)}
return ${suiteText};`;
  const make = new Function('vocabulary', ...Object.keys(others), code);
  const made: vocabulary.Suite = make(vocabulary, ...Object.values(others));
  return made;
};

const imported = [
  'array',
  'defineModel',
  'disabled',
  'enumOf',
  'flag',
  'invariant',
  'ok',
  'panic',
  'progress',
  'range',
  'reachable',
  'reachableStep',
  'record',
  'refuse',
  'stepProperty',
  'suite',
  'update',
  'variant',
  'warn',
];

const bodyText = ({ state, command, initial, rules, laws, done, symmetry }: Program): string => {
  const functions = command.cases.map(
    ([kind, fields]) => `const ${kind} = (state${given(fields)}) => {\n${textOf(rules[kind]!)}\n};`,
  );
  const arms = command.cases.map(([kind]) => `.with({ kind: '${kind}' }, (command) => ${kind}(state, command))`);
  const model = [
    'const model = defineModel({',
    "id: 'any', title: 'any', sources: [], config: {}, switches: {},",
    "variants: { only: { doc: '', switches: {} } }, defaultVariant: 'only',",
    ...(done ? [`done: (state) => ${textOf(done)},`] : []),
    'system: () => ({',
    `state: ${domainText(state)},`,
    `command: ${domainText(command)},`,
    `initial: ${textOf(initial)},`,
    ...(symmetry ? [`symmetry: ${JSON.stringify(symmetry)},`] : []),
    'step: (state, command) => match(command)',
    ...arms,
    '.exhaustive(),',
    '}),',
    '});',
  ];
  return [...functions, ...model, 'const properties = [', ...laws.map(lawText), '];'].join('\n');
};

/** Arguments, taken apart. */
const given = (fields: Fields): string =>
  fields.length === 0 ? '' : `, { ${fields.map(([name]) => name).join(', ')} }`;

const lawText = ({ id, kind, forEach, callbacks }: Law): string => {
  const instance = forEach ? given(forEach.fields) : '';
  const subject = kind === 'stepProperty' || kind === 'reachableStep' ? '{ before, command, outcome }' : 'state';
  return [
    `${kind}(model, {`,
    `id: '${id}', statement: '', source: '',`,
    ...(forEach ? [`forEach: () => ${domainText(forEach)},`] : []),
    ...Object.entries(callbacks).map(
      ([name, body]) => `${name}: (${name === 'own' ? 'command' : subject}${instance}) => ${textOf(body)},`,
    ),
    '}),',
  ].join('\n');
};

/** Lines moved to the right by the brackets that are open. */
const indented = (text: string): string => {
  let depth = 0;
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [opened, closed] = [/[([{]/g, /[)\]}]/g].map((brackets) => line.match(brackets)?.length ?? 0);
      const leading = /^[)\]}]+/.exec(line)?.[0].length ?? 0;
      const made = `${'  '.repeat(Math.max(0, depth - Math.min(1, leading)))}${line}`;
      depth += Math.sign(opened! - closed!);
      return made;
    })
    .join('\n');
};
