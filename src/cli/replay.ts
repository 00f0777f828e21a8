import { taskOf } from '../engine/task.ts';
import { itemNamed } from '../item-named.ts';
import { githubErrors } from '../report/github.ts';
import { replayJson } from '../report/json.ts';
import { type Replayed, replayBlocks } from '../report/replay.ts';
import { replayReport } from '../report/report.ts';
import { SpecError } from '../spec/errors.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import type { Suite } from '../spec/suite.ts';
import { presentationOf } from '../system/presentation.ts';
import { type Scope, scopeOf } from '../system/scope.ts';
import { itf } from '../trace/itf/write.ts';
import { completeSettings } from '../trace/open.ts';
import { firstBreak, replay, startingAt } from '../trace/replay.ts';
import { type Ran, runStatements } from '../trace/run.ts';
import { resultText, scriptOf } from '../trace/script/write.ts';
import { type Counterexample, callsOf } from '../trace/trace.ts';
import { explain, type Why } from '../trace/why.ts';
import { type Console, exit } from './console.ts';
import { documentIn, type Format, formatOf, formats, formatted, jsonText } from './formats.ts';
import { type Declare, formatOption, jsonOption } from './options.ts';
import { type LoadedTrace, loadTrace, nameOf } from './trace-file.ts';

const help = `
Exit status: 1 it still breaks the property; 0 it no longer does; 2 it no
longer applies.
`;

export const declareReplay: Declare = (program, console, end) => {
  program
    .command('replay')
    .description('show a saved counterexample step by step')
    .argument('<file>', 'as written by check --save')
    .option('--model <file>', 'take the model from this file')
    .addOption(formatOption(formats.check))
    .option('--json', jsonOption)
    .addHelpText('after', help)
    .action(async (file: string, options) => {
      end(await replayCommand(file, options, console));
    });
};

/**
 * `pagelaw replay`: 1 if the counterexample still breaks its property, 0 if it no longer does. Of a trace that claims nothing: 1 if a line
 * of it is not as expected, 0 if all are.
 */
const replayCommand = async (
  path: string,
  options: { readonly json?: boolean; readonly format?: Format<'check'>; readonly model?: string },
  console: Console,
): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json');
  const loaded = await loadTrace(path, { module: options.model }, console);
  const { trace, suite } = loaded;
  const { claim } = trace;
  const replayed = claim ? runAgain(path, { ...trace, claim }, suite, { explained: true }) : runAsWritten(path, loaded);
  const report = replayReport(replayed, path);
  if (format === 'json') console.out(jsonText(replayJson(replayed)));
  else if (format === 'text') console.out(documentIn(format, replayBlocks(replayed), console.colour));
  else if (format === 'script') console.out(scriptOf(trace));
  else if (report) console.out(formatted(format, [report]));
  else if (format === 'itf') {
    const { scope, initial: start, steps } = replayed;
    console.out(jsonText(itf({ scope, start, steps })));
  } else throw new SpecError(`${nameOf(path)} claims to break no property, so it has no format ${format}`);
  if (report && console.annotates && format !== 'github') console.err(githubErrors([report]));
  return replayed.broken || (!claim && replayed.differences.some(({ length }) => length > 0))
    ? exit.violated
    : exit.asExpected;
};

/** Runs the counterexample against the model as it is now. Throws a SpecError if it no longer applies to it. */
export const runAgain = (
  path: string,
  counterexample: Counterexample,
  suite: Suite,
  { explained }: { readonly explained: boolean },
): Replayed => {
  const { origin, claim } = counterexample;
  try {
    const { model } = suite;
    const property = itemNamed(`property of ${model.id}`, claim.property, suite.properties, (one) => one.id);
    const scope = scopeOf(model, { variant: origin.variant, ...completeSettings(origin, model) });
    const task = startingAt(taskOf(model, scope, [property]), counterexample);
    const [obligation] = task.obligations;
    if (!obligation) throw new SpecError(`property ${property.id} has no meaning for these switches`);
    const calls = callsOf(counterexample);
    const commands = calls.map(({ command }) => command);
    const steps = replay(task, commands);
    const recorded = calls.map(({ expected }) => expected && resultText(expected));
    return {
      ...presentationOf(suite.model, scope, task.system.initial),
      property,
      steps,
      why: explained ? explain(task, steps) : [],
      recorded,
      differences: steps.map(({ outcome }, i) =>
        recorded[i] === undefined || recorded[i] === describeOutcome(outcome)
          ? []
          : [`when it was saved: ${recorded[i]}`],
      ),
      broken: firstBreak(task, obligation, commands),
    };
  } catch (error) {
    throw error instanceof SpecError ? new SpecError(`${path} no longer applies: ${error.message}`) : error;
  }
};

/** Runs a trace that claims nothing, and compares it with what is written in it. Throws a SpecError where the model cannot follow it. */
const runAsWritten = (path: string, { trace, suite, scope, system }: LoadedTrace): Replayed => {
  const runnable = startingAt({ scope, system }, trace);
  const calls = callsOf(trace);
  try {
    const steps = replay(
      runnable,
      calls.map(({ command }) => command),
    );
    return {
      ...presentationOf(suite.model, scope, runnable.system.initial),
      property: undefined,
      steps,
      why: whyOf(suite, scope, steps),
      recorded: calls.map(({ expected }) => expected && resultText(expected)),
      differences: problemsOf(runStatements(trace.statements, { scope, system }, { keepsGoing: true })),
      broken: undefined,
    };
  } catch (error) {
    throw error instanceof SpecError ? new SpecError(`${nameOf(path)}: ${error.message}`) : error;
  }
};

/** What was wrong of each call that was made, and of what is expected behind it. */
const problemsOf = (lines: readonly Ran[]): string[][] => {
  const problems: string[][] = [];
  for (const { statement, problem } of lines) {
    if (statement.kind === 'call' && statement.expected?.result !== 'disabled') problems.push([]);
    if (problem !== undefined) problems.at(-1)?.push(`not as written: ${problem}`);
  }
  return problems;
};

/** Nothing is explained of calls or sizes that a search does not take. */
const whyOf = ({ model }: Suite, scope: Scope, steps: readonly Step[]): (Why | undefined)[] => {
  const isSearched = Object.entries(model.config).every(([name, { max }]) => scope.config[name]! <= max);
  return isSearched && !model.scripted ? explain(taskOf(model, scope, []), steps) : [];
};
