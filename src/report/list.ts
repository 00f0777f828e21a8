import { match } from 'ts-pattern';
import type { Shape } from '../spec/domain.ts';
import { switchDoc, switchValues } from '../spec/model.ts';
import type { Suite } from '../spec/suite.ts';
import { scopeOf } from '../system/scope.ts';
import { systemOf } from '../system/system.ts';
import { type Block, type Definitions, paragraph, type Section, strong, tightParagraph } from './document.ts';
import { plural, statementOf } from './words.ts';

/** The report of `list` without a name: two lines for each model. */
export const overviewBlocks = (suites: readonly Suite[]): Block[] => [
  {
    kind: 'definitions',
    items: suites.map(({ model, properties }) => {
      const variants = Object.keys(model.variants).length;
      const claims = properties.filter(({ witness }) => !witness).length;
      return {
        term: [strong(model.id), `: ${model.title}`],
        body: [
          `${plural(variants, 'variant')}, ${model.defaultVariant} by default; ${plural(claims, 'property', 'properties')}`,
        ],
      };
    }),
  },
  paragraph('pagelaw list MODEL shows all there is to know of one.'),
];

/** The report of `list MODEL`: each model with its configuration, switches, variants and properties. */
export const listBlocks = (suites: readonly Suite[]): Block[] => suites.map(suiteSection);

type Entry = Definitions['items'][number];

const suiteSection = ({ model, properties, violates }: Suite): Section => {
  const witnesses = properties.filter(({ witness }) => witness).length;
  return {
    kind: 'section',
    title: [strong(model.id), `: ${model.title}`],
    blocks: [
      ...(model.sources.length > 0 ? [tightParagraph(...model.sources.map((source) => `source: ${source}`))] : []),
      ...definitions('config (--set name=value)', Object.entries(model.config).map(configEntry)),
      ...definitions(
        'switches (--switch name=value)',
        Object.entries(model.switches).map(([name, spec]) => assignment(name, switchValues(spec), switchDoc(spec))),
      ),
      ...definitions(
        'variants',
        Object.entries(model.variants).map(([name, { doc }]) => {
          const known = violates[name]!.length > 0 ? plural(violates[name]!.length, 'known defect') : 'no known defect';
          return { term: `${name}${name === model.defaultVariant ? ' (default)' : ''}, ${known}`, body: [doc] };
        }),
      ),
      ...definitions(
        'calls and their arguments',
        callsOf(model).map((call) => ({ term: call.length <= 80 ? call : call.replaceAll('|', ' | '), body: [] })),
      ),
      ...definitions(
        `properties, and ${plural(witnesses, 'witness', 'witnesses')} (--property id)`,
        properties
          .filter(({ witness }) => !witness)
          .map((property) => ({ term: property.id, body: [statementOf(property)] })),
      ),
    ],
  };
};

const definitions = (title: string, items: readonly Entry[]): Block[] =>
  items.length === 0 ? [] : [{ kind: 'section', title, blocks: [{ kind: 'definitions', items, tight: true }] }];

const configEntry = ([name, spec]: [string, Suite['model']['config'][string]]): Entry => {
  const { default: value, min, max, large = value, scriptMax = max, doc } = spec;
  const more = scriptMax > max ? `; up to ${scriptMax} for run` : '';
  return { term: `${name}=${value}, from ${min} to ${max}; ${large} in the large configuration${more}`, body: [doc] };
};

/** `host_donate_hyp(pfn: 0..4, nr: 1|2|52)` */
const callsOf = (model: Suite['model']): string[] => {
  const { shape } = systemOf(model, scopeOf(model)).command;
  if (shape.kind !== 'variant') return [];
  return Object.entries(shape.cases).map(
    ([kind, args]) =>
      `${kind}(${Object.entries(args)
        .map(([name, { shape: of }]) => `${name}: ${allowedWords(of)}`)
        .join(', ')})`,
  );
};

const allowedWords = (shape: Shape): string =>
  match(shape)
    .with({ kind: 'flag' }, () => 'false|true')
    .with({ kind: 'enum' }, ({ values }) => values.join('|'))
    .with({ kind: 'range' }, ({ min, max }) => `${min}..${max}`)
    .otherwise(({ kind }) => kind);

/** The result of `list --json`. */
export const listJson = (suites: readonly Suite[]): object => ({
  format: 'pagelaw list',
  version: 1,
  models: suites.map(({ model, properties, violates, violatesElsewhere }) => ({
    id: model.id,
    title: model.title,
    sources: model.sources,
    config: model.config,
    switches: Object.fromEntries(
      Object.entries(model.switches).map(([name, spec]) => [
        name,
        { values: switchValues(spec), doc: switchDoc(spec) },
      ]),
    ),
    variants: model.variants,
    defaultVariant: model.defaultVariant,
    violates,
    violatesElsewhere,
    properties: properties.map(({ id, statement, source, witness }) => ({ id, statement, source, witness })),
  })),
});

/** `name=a|b`, the values below the name where they are many. */
const assignment = (name: string, values: readonly (boolean | string)[], doc: string): Entry => {
  const line = `${name}=${values.join('|')}`;
  return line.length <= 80 ? { term: line, body: [doc] } : { term: `${name}=`, body: [values.join(' | '), doc] };
};
