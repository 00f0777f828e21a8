import { readFile } from 'node:fs/promises';
import { scriptJson, scriptKtap, scriptText } from '../report/script.ts';
import { styleOf } from '../report/style.ts';
import { parseScript } from '../script/parse.ts';
import { runScript } from '../script/run.ts';
import { taskOf } from '../search/task.ts';
import { laneOf, legendOf } from '../spec/callbacks.ts';
import { SpecError } from '../spec/errors.ts';
import { scopeOf } from '../spec/model.ts';
import { givenChoices } from './check.ts';
import { type Console, exit } from './console.ts';
import { type Format, formatOf, jsonText } from './formats.ts';
import { findTargets } from './suites.ts';

export interface RunOptions {
  /** `name=value`, as given. */
  readonly set?: readonly string[];
  readonly switch?: readonly string[];
  readonly format?: Format<'run'>;
  readonly json?: boolean;
  readonly ktap?: boolean;
}

/** `pagelaw run`: 0 if every line of the script is as expected, 1 if not. */
export const runCommand = async (
  name: string,
  file: string,
  options: RunOptions,
  console: Console,
): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json', options.ktap && 'ktap');
  const [target, ...more] = await findTargets(name);
  if (!target || more.length > 0)
    throw new SpecError(
      `${name} has several models; a script is run on one: export ${[target, ...more].map((one) => one?.suite.model.id).join(' or ')} alone`,
    );
  const { model } = target.suite;
  const { config, alternatives } = givenChoices(model, options);
  const scope = scopeOf(model, { variant: target.variant, config, switches: alternatives[0]! });
  const task = taskOf(model, scope, []);
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new SpecError(`cannot read ${file}: ${error.message}`);
  });
  const lines = runScript(parseScript(text, file, task.system), task, laneOf(model));
  const ran = { scope, title: model.title, legend: legendOf(model, scope.config), file, lines };
  if (format === 'json') console.out(jsonText(scriptJson(ran)));
  else console.out(format === 'ktap' ? scriptKtap(ran) : scriptText(ran, styleOf(console.colour)));
  return lines.every(({ standing }) => standing === 'ok') ? exit.asExpected : exit.violated;
};
