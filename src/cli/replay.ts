import { taskOf } from '../engine/task.ts';
import { known } from '../known.ts';
import { githubErrors } from '../report/github.ts';
import { replayJson } from '../report/json.ts';
import { type Replayed, replayText } from '../report/replay.ts';
import { replayReport } from '../report/report.ts';
import { styleOf } from '../report/style.ts';
import { SpecError } from '../spec/errors.ts';
import { drawingOf, laneOf, legendOf } from '../system/callbacks.ts';
import { scopeOf } from '../system/scope.ts';
import { type Counterexample, commandsOf, loadCounterexample } from '../trace/file.ts';
import { firstBreak, replay } from '../trace/replay.ts';
import { explain } from '../trace/why.ts';
import { type Console, exit } from './console.ts';
import { type Format, formatOf, formatted, jsonText } from './formats.ts';
import { allSuites, suitesOf } from './suites.ts';

/** `pagelaw replay`: 1 if the counterexample still breaks its property, 0 if it no longer does. */
export const replayCommand = async (
  path: string,
  options: { readonly json?: boolean; readonly format?: Format<'check'>; readonly model?: string },
  console: Console,
): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json');
  const loaded = await loadCounterexample(path);
  const counterexample = options.model === undefined ? loaded : { ...loaded, module: options.model };
  const replayed = await runAgain(path, counterexample, { explained: true });
  const report = replayReport(replayed, path);
  if (format === 'json') console.out(jsonText(replayJson(replayed)));
  else if (format === 'text') console.out(replayText(replayed, styleOf(console.colour)));
  else console.out(formatted(format, [report]));
  if (console.annotates && format !== 'github') console.err(githubErrors([report]));
  return replayed.broken ? exit.violated : exit.asExpected;
};

/** Runs the counterexample against the model as it is now. Throws a SpecError if it no longer applies to it. */
export const runAgain = async (
  path: string,
  counterexample: Counterexample,
  { explained }: { readonly explained: boolean },
): Promise<Replayed> => {
  try {
    const { module, model: id, variant, config, switches } = counterexample;
    const located = module === undefined ? allSuites() : await suitesOf(module);
    const { suite } = known('model', id, located, (one) => one.suite.model.id);
    const property = known(`property of ${id}`, counterexample.property, suite.properties, (one) => one.id);
    for (const [what, has, names] of [
      ['config parameter', config, suite.model.config],
      ['switch', switches, suite.model.switches],
    ] as const)
      for (const name of Object.keys(names))
        if (!Object.hasOwn(has, name))
          throw new SpecError(`it does not say what the ${what} ${name} was, which ${id} has now`);
    const scope = scopeOf(suite.model, { variant, config, switches });
    const task = taskOf(suite.model, scope, [property]);
    const [obligation] = task.obligations;
    if (!obligation) throw new SpecError(`property ${property.id} has no meaning for these switches`);
    const commands = commandsOf(counterexample);
    const steps = replay(task, commands);
    return {
      scope,
      title: suite.model.title,
      legend: legendOf(suite.model, scope.config),
      kernel: { ...suite.model.kernel },
      draw: drawingOf(suite.model, scope),
      initial: task.system.initial,
      lane: laneOf(suite.model),
      property,
      steps,
      why: explained ? explain(task, steps) : [],
      recorded: counterexample.steps.map(({ result }) => result),
      broken: firstBreak(task, obligation, commands),
    };
  } catch (error) {
    throw error instanceof SpecError ? new SpecError(`${path} no longer applies: ${error.message}`) : error;
  }
};
