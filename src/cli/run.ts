import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { CancellationPoint } from '../audit/cancellation.ts';
import { styleOf } from '../report/render/style.ts';
import { scriptJson, scriptKtap, scriptText } from '../report/script.ts';
import { SpecError } from '../spec/errors.ts';
import { drawingOf, laneOf, legendOf } from '../system/callbacks.ts';
import { notRun, type Ran, runningStatements } from '../trace/run.ts';
import { type Console, errorLine, exit } from './console.ts';
import { type Format, formatOf, formats, jsonText } from './formats.ts';
import { collect, type Declare, formatOption, jsonOption } from './options.ts';
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

const help = `
A line is a call with what it should return, or an expectation of the state:

  init vms[0].memcache=1                  # before the first call
  # a page that is shared cannot be donated
  host_share_hyp(pfn=0) -> 0
  host_donate_hyp(0, 1) -> -EPERM         # or -> -1, or = -1
  expect host[0]=SHARED_OWNED hyp[0]=SHARED_BORROWED
  show                                    # or: show host[0] vms[0].guest

Arguments are named, or in the order of the kernel function. 'pagelaw list
MODEL' shows the calls. -> 2 expects a returned value, -> panic a panic, and
-> -EIO, WARN text the WARN that fires on the way. A WARN that is not expected
fails its line; a call without a result may return anything but a panic.
README.md has the grammar.

Exit status: 0 every line is as expected; 1 one is not, and the script was
stopped there unless --keep-going is given; 2 wrong usage, a line that cannot be
read, or a broken model; 130 interrupted.

Examples:
  pagelaw run pkvm-ownership bug.script --set pages=512
  pagelaw run stage2@guest - < bug.script
`;

export const declareRun: Declare = (program, console, end) => {
  program
    .command('run')
    .description('make the calls of a script, and compare their results and the state')
    .usage('[options] [target] <trace>')
    .argument('<target>', 'MODEL, MODEL@VARIANT or FILE; not needed where the trace says it')
    .argument(
      '[trace]',
      'a script: a call or an expectation a line; a saved counterexample; or an ITF trace; - is standard input',
    )
    .option('--set <name=value>', 'set a config parameter, to more than a search takes as well', collect)
    .option('--switch <name=value>', 'set a switch', collect)
    .option('--keep-going', 'after a line that is not as expected, go on with the state that was reached')
    .addOption(formatOption(formats.run))
    .option('--json', jsonOption)
    .option('--ktap', 'short for --format ktap, the format of kernel self-tests')
    .addHelpText('after', help)
    .action(async (first: string, second: string | undefined, options: RunOptions) => {
      const [name, trace] = second === undefined ? [undefined, first] : [first, second];
      end(await runCommand(name, trace, options, console));
    });
};

/**
 * `pagelaw run`: 0 if every line of the trace is as expected, 1 if not, 2 if the model fails at a call. `name`: MODEL, MODEL@VARIANT or
 * FILE, where the trace does not say it, or is to be run on another variant.
 */
const runCommand = async (
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
