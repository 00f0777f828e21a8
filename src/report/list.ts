import { match } from 'ts-pattern';
import type { Shape } from '../spec/domain.ts';
import { switchDoc, switchValues } from '../spec/model.ts';
import type { Suite } from '../spec/suite.ts';
import { scopeOf } from '../system/scope.ts';
import { systemOf } from '../system/system.ts';
import type { Style } from './style.ts';
import { fitted, plural, statementOf, wrapped } from './words.ts';

/** The report of `list` without a name: one paragraph for each model. */
export const overviewText = (suites: readonly Suite[], style: Style): string =>
  `${fitted(
    suites
      .map(({ model, properties }) => {
        const variants = Object.keys(model.variants).length;
        const claims = properties.filter(({ witness }) => !witness).length;
        return [
          `${style.bold(model.id)}: ${model.title}`,
          `    ${plural(variants, 'variant')}, ${model.defaultVariant} by default; ${plural(claims, 'property', 'properties')}`,
        ].join('\n');
      })
      .join('\n'),
  )}\n\npagelaw list MODEL shows all there is to know of one.\n`;

/** The report of `list MODEL`: each model with its configuration, switches, variants and properties. */
export const listText = (suites: readonly Suite[], style: Style): string =>
  `${fitted(suites.map((suite) => suiteText(suite, style)).join('\n\n'))}\n`;

const suiteText = ({ model, properties, violates }: Suite, style: Style): string => {
  const witnesses = properties.filter(({ witness }) => witness).length;
  const section = (name: string, body: string) => (body === '' ? [] : [`${style.bold(name)}\n${body}`]);
  return [
    [
      `${style.bold(model.id)}: ${model.title}`,
      ...model.sources.map((source) => wrapped(`source: ${source}`, 78)),
    ].join('\n'),
    ...section(
      'config (--set name=value)',
      Object.entries(model.config)
        .map(([name, { default: value, min, max, large = value, scriptMax = max, doc }]) =>
          [
            `${name}=${value}, from ${min} to ${max}; ${large} in the large configuration${scriptMax > max ? `; up to ${scriptMax} for run` : ''}`,
            wrapped(doc, 76, '    '),
          ].join('\n'),
        )
        .join('\n'),
    ),
    ...section(
      'switches (--switch name=value)',
      Object.entries(model.switches)
        .map(([name, spec]) => `${assignment(name, switchValues(spec))}\n${wrapped(switchDoc(spec), 76, '    ')}`)
        .join('\n'),
    ),
    ...section(
      'variants',
      Object.entries(model.variants)
        .map(([name, { doc }]) => {
          const known =
            violates[name]!.length > 0 ? `${plural(violates[name]!.length, 'known defect')}` : 'no known defect';
          return [
            `${name}${name === model.defaultVariant ? ' (default)' : ''}, ${known}`,
            wrapped(doc, 76, '    '),
          ].join('\n');
        })
        .join('\n'),
    ),
    ...section(
      'calls and their arguments',
      callsOf(model)
        .map((call) => wrapped(call.length <= 80 ? call : call.replaceAll('|', ' | '), 76, '    ').trimStart())
        .join('\n'),
    ),
    ...section(
      `properties, and ${plural(witnesses, 'witness', 'witnesses')} (--property id)`,
      properties
        .filter(({ witness }) => !witness)
        .map((property) => `${property.id}\n${wrapped(statementOf(property), 76, '    ')}`)
        .join('\n'),
    ),
  ].join('\n\n');
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
  models: suites.map(({ model, properties, violates }) => ({
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
    properties: properties.map(({ id, statement, source, witness }) => ({ id, statement, source, witness })),
  })),
});

/** `name=a|b`, the values below the name where they are many. */
const assignment = (name: string, values: readonly (boolean | string)[]): string => {
  const line = `${name}=${values.join('|')}`;
  return line.length <= 80 ? line : `${name}=\n${wrapped(values.join(' | '), 76, '    ')}`;
};
