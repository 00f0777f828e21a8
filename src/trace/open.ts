import { dirname, join } from 'node:path';
import { SpecError } from '../spec/errors.ts';
import { describeCommand, type Model, type System } from '../spec/model.ts';
import type { Scope } from '../system/scope.ts';
import { counterexampleIn, jsonIn } from './counterexample.ts';
import { meta } from './itf/names.ts';
import { isItf, itfIn, itfTrace, textIn } from './itf/read.ts';
import { modelOf, type Named, readModel, settingsIn } from './script/model.ts';
import { parseScript } from './script/parse.ts';
import { Scanner } from './script/scanner.ts';
import type { Origin, Trace } from './trace.ts';

/** A file that holds a trace. What is said of the model is known at once; the calls are read for a model's system. */
export interface TraceFile {
  readonly format: 'counterexample' | 'ITF' | 'script';
  /** The file that exports the model, relative to the working directory. */
  readonly module?: string | undefined;
  /** The model's id. Undefined with neither `module`: the file does not say of which model it is. */
  readonly model?: string | undefined;
  readonly variant?: string | undefined;
  /** The configuration and switches that are said. Throws a SpecError where they are not those of the model. */
  settingsFor(model: Model): Settings;
  /** The trace. Throws a SpecError where its calls are not those of the system. */
  read(scope: Scope, system: System): Trace;
}

interface Settings {
  readonly config: Readonly<Record<string, number>>;
  readonly switches: Readonly<Record<string, boolean | string>>;
}

/**
 * Finds out by its content what a file holds: JSON is a saved counterexample or ITF, and everything else a script. Throws a SpecError that
 * names the file and what is wrong with it. `path` is relative to the working directory.
 */
export const openTrace = (bytes: Uint8Array, path: string): TraceFile => {
  const text = new TextDecoder().decode(bytes);
  // No line of a script begins as JSON does.
  if (!/^\s*[{[]/.test(text)) return openScript(bytes, path);
  const json = jsonIn(text, path);
  if (isItf(json)) return openItf(json, path);
  if (Object.hasOwn(Object(json), 'format')) return openCounterexample(json, path);
  throw new SpecError(
    `${path} is JSON, but neither a saved counterexample, which has a format, nor an ITF trace, which has states`,
  );
};

const openCounterexample = (json: unknown, path: string): TraceFile => {
  const trace = counterexampleIn(json, path);
  const { model, variant, module } = trace.origin;
  return {
    format: 'counterexample',
    module,
    model,
    variant,
    settingsFor: (now) => completeSettings(trace.origin, now),
    read: (_, system) => {
      checkCalls(trace, system);
      return trace;
    },
  };
};

/** The configuration and the switches of an origin. Throws a SpecError if the model has a parameter or a switch that the origin lacks. */
export const completeSettings = ({ config, switches }: Origin, model: Model): Settings => {
  checkComplete(model, 'config parameter', config, model.config);
  checkComplete(model, 'switch', switches, model.switches);
  return { config, switches };
};

const checkComplete = (model: Model, what: string, said: object, names: object) => {
  const lacking = Object.keys(names).find((name) => !Object.hasOwn(said, name));
  if (lacking !== undefined)
    throw new SpecError(`it does not say what the ${what} ${lacking} was, which ${model.id} has now`);
};

const checkCalls = ({ statements }: Trace, system: System) => {
  for (const statement of statements) {
    if (statement.kind !== 'call') continue;
    const misfit = system.command.misfit(statement.command);
    if (misfit)
      throw new SpecError(
        `command ${statement.line}, ${describeCommand(statement.command)}: the model has no such call (${misfit.path}: ${misfit.reason})`,
      );
  }
};

const openItf = (json: unknown, path: string): TraceFile => {
  const within = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw error instanceof SpecError
        ? new SpecError(`${path} is not an ITF trace that can be read: ${error.message}`)
        : error;
    }
  };
  const file = within(() => itfIn(json));
  const said = textIn(file, meta.model);
  const named = said === undefined ? undefined : within(() => located(readModel(new Scanner(said)), path));
  return {
    format: 'ITF',
    ...named,
    settingsFor: (model) => within(() => settingsIn(named?.settings ?? [], model)),
    read: (scope, system) => within(() => itfTrace(file, originOf(scope, named?.module), scope, system)),
  };
};

const openScript = (bytes: Uint8Array, path: string): TraceFile => {
  const found = modelOf(bytes, path);
  const named = found && located(found, path);
  return {
    format: 'script',
    ...named,
    settingsFor: (model) => {
      try {
        return settingsIn(named?.settings ?? [], model);
      } catch (error) {
        throw error instanceof SpecError ? new SpecError(`${path}: ${error.message}`) : error;
      }
    },
    read: (scope, system) => ({
      origin: originOf(scope, named?.module),
      statements: parseScript(bytes, path, system),
    }),
  };
};

const originOf = ({ model, variant, config, switches }: Scope, module: string | undefined): Origin => ({
  model,
  variant,
  config,
  switches,
  ...(module !== undefined && { module }),
});

/** A name with its parts. A model's id has neither a dot nor a slash; a file has, and is relative to the file that names it. */
const located = ({ name, settings }: Named, file: string) => {
  const [model = '', variant] = name.split('@');
  const where = /[./\\]/.test(model) ? { module: join(dirname(file), model) } : { model };
  return { ...where, variant, settings };
};
