import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { CancellationPoint } from '../audit/cancellation.ts';
import { styleOf } from '../report/render/style.ts';
import { scriptJson, scriptKtap, scriptText } from '../report/script.ts';
import { SpecError } from '../spec/errors.ts';
import { drawingOf, laneOf, legendOf } from '../system/callbacks.ts';
import { notRun, type Ran, runningStatements } from '../trace/run.ts';
import { type Console, errorLine, exit } from './console.ts';
import { type Format, formatOf, jsonText } from './formats.ts';
import { allSuites } from './suites.ts';
import { loadTrace, nameOf } from './trace-file.ts';

export interface RunOptions {
  /** `name=value`, as given. */
  readonly set?: readonly string[];
  readonly switch?: readonly string[];
  readonly keepGoing?: boolean;
  readonly format?: Format<'run'>;
  readonly json?: boolean;
  readonly ktap?: boolean;
}

/**
 * `pagelaw run`: 0 if every line of the trace is as expected, 1 if not, 2 if the model fails at a call. `name`: MODEL, MODEL@VARIANT or
 * FILE, where the trace does not say it, or is to be run on another variant.
 */
export const runCommand = async (
  name: string | undefined,
  file: string,
  options: RunOptions,
  console: Console,
): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json', options.ktap && 'ktap');
  if (name === undefined && isModel(file))
    throw new SpecError(`there is no trace to run; write pagelaw run ${file} FILE`);
  const { trace, suite, scope, system } = await loadTrace(file, { ...options, name }, console);
  const { model } = suite;
  const { statements } = trace;
  const judging = { keepsGoing: options.keepGoing ?? false, laneOf: laneOf(model), draw: drawingOf(model, scope) };
  const lines: Ran[] = [];
  const cancellation = new CancellationPoint(async () => {
    await setImmediate(); // lets ctrl-C through
    return !console.interrupted.aborted;
  });
  for (const ran of runningStatements(statements, { scope, system }, judging)) {
    lines.push(ran);
    if (cancellation.isDue && !(await cancellation.goesOn())) break;
  }
  const interrupted = lines.length < statements.length;
  lines.push(...statements.slice(lines.length).map(notRun));
  const ran = {
    scope,
    title: model.title,
    legend: legendOf(model, scope.config),
    file: nameOf(file),
    lines,
    keptGoing: judging.keepsGoing,
    interrupted,
  };
  if (format === 'json') console.out(jsonText(scriptJson(ran)));
  else console.out(format === 'ktap' ? scriptKtap(ran) : scriptText(ran, styleOf(console.colour)));
  const broken = lines.find(({ isBroken }) => isBroken);
  if (broken) console.err(errorLine(`${nameOf(file)}:${broken.statement.line}: ${broken.problem}`));
  if (interrupted) return exit.interrupted;
  if (broken) return exit.wrongUse;
  return lines.every(({ standing }) => standing === 'ok') ? exit.asExpected : exit.violated;
};

const isModel = (name: string): boolean =>
  !existsSync(name) && allSuites().some(({ suite }) => suite.model.id === name.split('@')[0]);
