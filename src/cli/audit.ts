import { audit } from '../audit/audit.ts';
import type { AuditResult } from '../audit/result.ts';
import { known } from '../known.ts';
import { auditBlocks } from '../report/audit.ts';
import { auditCsv, auditJson } from '../report/audit-data.ts';
import type { Graph } from '../report/document.ts';
import { lifeGraph } from '../report/life-graph.ts';
import { dotOf } from '../report/render/dot.ts';
import { mermaidOf } from '../report/render/mermaid.ts';
import { svgOf } from '../report/render/svg.ts';
import { scopeName } from '../report/words.ts';
import { SpecError } from '../spec/errors.ts';
import { scopeOf } from '../system/scope.ts';
import { systemOf } from '../system/system.ts';
import type { Console } from './console.ts';
import { documentIn, type Format, formatOf, jsonText } from './formats.ts';
import { givenChoices } from './given.ts';
import { endStatus, guardedLimitsOf, type LimitOptions } from './limits.ts';
import { monitorFor } from './progress.ts';
import { findTargets } from './suites.ts';
import { needSpace, spaceFor } from './ulimit.ts';

/** Formats that show the life cycle, and nothing of the rules. */
const pictures: readonly Format<'audit'>[] = ['mermaid', 'dot', 'svg'];

export interface AuditOptions extends LimitOptions {
  readonly format?: Format<'audit'>;
  readonly json?: boolean;
  readonly command?: readonly string[];
  readonly set?: readonly string[];
  readonly switch?: readonly string[];
  readonly refusals?: boolean;
}

/** `pagelaw audit`: what every call does in every case, read off the tables and the graph of one variant. */
export const auditCommand = async (name: string, options: AuditOptions, console: Console): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json');
  const [target, ...others] = await findTargets(name);
  if (!target || others.length > 0)
    throw new SpecError(`${name} has ${others.length + 1} models; audit takes a file with one`);
  const { model } = target.suite;
  const { config, alternatives } = givenChoices(model, options);
  const choices = { variant: target.variant ?? model.defaultVariant, config, switches: alternatives[0]! };
  const scope = scopeOf(model, choices);
  const kinds = Object.keys(commandsOf(systemOf(model, scope)));
  for (const kind of options.command ?? []) known(`command of ${model.id}`, kind, kinds);
  const isPicture = pictures.includes(format);
  if (isPicture && !model.classify)
    throw new SpecError(`${model.id} does not classify its pages, so there is no life cycle to draw`);

  if (format === 'svg') needSpace(spaceFor.webAssembly, 'drawing a life cycle');
  const { command } = options;
  const result = await audit(model, choices, {
    ...(isPicture ? { commands: [] } : command && { commands: command }),
    inFull: command !== undefined || format === 'json' || format === 'csv',
    ...guardedLimitsOf(options, console),
    monitor: monitorFor(console, scopeName(scope)),
  });
  console.progress?.('');
  console.out(await inFormat(format, result, options, console));
  return endStatus(result.bound !== undefined, options, console);
};

const commandsOf = ({ command: { shape } }: ReturnType<typeof systemOf>) =>
  shape.kind === 'variant' ? shape.cases : {};

const inFormat = async (
  format: Format<'audit'>,
  result: AuditResult,
  { refusals = false }: AuditOptions,
  { colour }: Console,
): Promise<string> => {
  const drawn = (draw: (graph: Graph) => string) =>
    result.life ? draw(lifeGraph(result.life, scopeName(result.scope), refusals)) : '';
  switch (format) {
    case 'text':
    case 'markdown':
      return documentIn(format, auditBlocks(result, refusals), colour);
    case 'json':
      return jsonText(auditJson(result));
    case 'csv':
      return auditCsv(result);
    case 'mermaid':
      return drawn(mermaidOf);
    case 'dot':
      return drawn(dotOf);
    case 'svg':
      return svgOf(drawn(dotOf));
  }
};
