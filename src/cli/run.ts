import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { Breath, Interrupted } from '../audit/breath.ts';
import { scriptJson, scriptKtap, scriptText } from '../report/script.ts';
import { styleOf } from '../report/style.ts';
import { SpecError } from '../spec/errors.ts';
import { drawingOf, laneOf, legendOf } from '../system/callbacks.ts';
import { scopeOf } from '../system/scope.ts';
import { scriptSystemOf } from '../system/system.ts';
import { parseScript } from '../trace/script/parse.ts';
import { notRun, type Ran, runLines } from '../trace/script/run.ts';
import { givenChoices } from './check.ts';
import { type Console, errorLine, exit } from './console.ts';
import { type Format, formatOf, jsonText } from './formats.ts';
import { findTargets } from './suites.ts';

export interface RunOptions {
  /** `name=value`, as given. */
  readonly set?: readonly string[];
  readonly switch?: readonly string[];
  readonly keepGoing?: boolean;
  readonly format?: Format<'run'>;
  readonly json?: boolean;
  readonly ktap?: boolean;
}

/** `pagelaw run`: 0 if every line of the script is as expected, 1 if not, 2 if the model fails at a call. */
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
  const choices = { variant: target.variant, config, switches: alternatives[0]!, forScript: true };
  const scope = scopeOf(model, choices);
  const system = scriptSystemOf(model, scope);
  const source = await readScript(file, console);
  const statements = parseScript(source, nameOf(file), system);
  const judging = { keepsGoing: options.keepGoing ?? false, laneOf: laneOf(model), draw: drawingOf(model, scope) };
  const lines: Ran[] = [];
  const breath = new Breath(async () => {
    await setImmediate(); // lets ctrl-C through
    return !console.interrupted.aborted;
  });
  for (const ran of runLines(statements, { scope, system }, judging)) {
    lines.push(ran);
    if (breath.isDue && !(await breath.goesOn())) break;
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

const nameOf = (file: string) => (file === '-' ? '<stdin>' : file);

/** In bytes. Nobody writes a longer script, but /dev/zero is one. */
const mostBytes = 2 ** 24;

/** The bytes of a file, or of standard input. Throws a SpecError for what cannot be read or has no end. */
const readScript = async (file: string, console: Console): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    const stream = file === '-' ? console.input : createReadStream(file);
    for await (const piece of addAbortSignal(console.interrupted, stream)) {
      pieces.push(piece);
      length += piece.length;
      if (length > mostBytes) break;
    }
  } catch (error) {
    if (console.interrupted.aborted) throw new Interrupted('interrupted');
    throw new SpecError(`cannot read ${nameOf(file)}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (length > mostBytes)
    throw new SpecError(`${nameOf(file)} is longer than ${mostBytes / 2 ** 20} MiB, which no script is`);
  return Buffer.concat(pieces);
};
