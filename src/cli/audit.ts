import { audit } from '../audit/audit.ts';
import type { AuditResult } from '../audit/result.ts';
import { itemNamed } from '../item-named.ts';
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
import { documentIn, type Format, formatOf, formats, jsonText } from './formats.ts';
import { givenChoices } from './given.ts';
import { endStatus, guardedLimitsOf, type LimitOptions } from './limits.ts';
import {
  allowOption,
  bounded,
  collect,
  type Declare,
  formatOption,
  jsonOption,
  memoryOption,
  positive,
} from './options.ts';
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

const help = `
Everything is read off the decision tables and the explored graph of one
variant: without a name, the default one. A long table is shown in outline, with
one row where all reachable cases have one result; json, csv and --command have
a row for each case (but --command counts those that no state takes, if they are
many). mermaid, dot and svg draw the life cycle.

Exit status: 0; 2 wrong usage or a broken model; 3 incomplete: a bound came
first; 130 interrupted, 143 terminated.

Examples:
  pagelaw audit pkvm-mmio@v4 --command host_access
  pagelaw audit pkvm-mmio --format svg > life.svg
`;

export const declareAudit: Declare = (program, console, end) => {
  program
    .command('audit')
    .description("show each call's rules, who may do what with a page, and a page's life cycle")
    .argument('<target>', 'MODEL, MODEL@VARIANT or FILE')
    .option('--command <name>', 'rules of this command only, and all of its cases', collect)
    .option('--refusals', 'show refused calls in the life cycle')
    .option('--set <name=value>', 'set a config parameter', collect)
    .option('--switch <name=value>', 'set a switch, of the default variant if none is named', collect)
    .option('--max-states <n>', 'stop, as incomplete, at so many states', positive)
    .option('--max-memory <MiB>', memoryOption, positive)
    .option('--allow-incomplete', allowOption)
    .option('--workers <n>', 'how many threads (as many as there are cores)', bounded(256))
    .addOption(formatOption(formats.audit))
    .option('--json', jsonOption)
    .addHelpText('after', help)
    .action(async (name: string, options: AuditOptions) => {
      end(await auditCommand(name, options, console));
    });
};

/** `pagelaw audit`: what every call does in every case, read off the tables and the graph of one variant. */
const auditCommand = async (name: string, options: AuditOptions, console: Console): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json');
  const [target, ...others] = await findTargets(name);
  if (!target || others.length > 0)
    throw new SpecError(`${name} has ${others.length + 1} models; audit takes a file with one`);
  const { model } = target.suite;
  const { config, alternatives } = givenChoices(model, options);
  const choices = { variant: target.variant ?? model.defaultVariant, config, switches: alternatives[0]! };
  const scope = scopeOf(model, choices);
  const kinds = Object.keys(commandsOf(systemOf(model, scope)));
  for (const kind of options.command ?? []) itemNamed(`command of ${model.id}`, kind, kinds);
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
