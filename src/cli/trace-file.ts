import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { Cancelled } from '../audit/cancellation.ts';
import { itemNamed } from '../item-named.ts';
import { SpecError } from '../spec/errors.ts';
import type { System } from '../spec/model.ts';
import type { Suite } from '../spec/suite.ts';
import { type Scope, scopeOf } from '../system/scope.ts';
import { scriptSystemOf } from '../system/system.ts';
import { openTrace, type TraceFile } from '../trace/open.ts';
import type { Trace } from '../trace/trace.ts';
import type { Console } from './console.ts';
import { givenChoices } from './given.ts';
import { allSuites, findTargets, suitesOf, type Target } from './suites.ts';

/** What the command line says of the model of a trace. It counts more than what the file says. */
interface Given {
  /** MODEL, MODEL@VARIANT or FILE. */
  readonly name?: string | undefined;
  /** A file that exports the model. */
  readonly module?: string | undefined;
  /** `name=value`, as given. */
  readonly set?: readonly string[] | undefined;
  readonly switch?: readonly string[] | undefined;
}

/** A trace of a file, with what its calls are made on. */
export interface LoadedTrace {
  readonly trace: Trace;
  readonly suite: Suite;
  readonly scope: Scope;
  readonly system: System;
}

/**
 * Reads a saved counterexample, a script or an ITF trace; which of them it is, its content tells. `-` is standard input. Throws a SpecError
 * that names the file and what is wrong with it, or what the command line lacks.
 */
export const loadTrace = async (path: string, given: Given, console: Console): Promise<LoadedTrace> => {
  const target = given.name === undefined ? undefined : await targetOf(given.name);
  if (target) givenChoices(target.suite.model, choicesOf(given)); // What is typed is looked at before what is read.
  const file = openTrace(await readSource(path, console), nameOf(path));
  const id = target?.suite.model.id;
  if (id !== undefined && file.model !== undefined && file.model !== id)
    throw new SpecError(`${nameOf(path)} is of ${file.model}, and not of ${id}`);
  try {
    const suite = target?.suite ?? (await suiteOf(file, given.module, path));
    return loaded(file, suite, target?.variant, given);
  } catch (error) {
    if (!(error instanceof SpecError) || target || file.format !== 'counterexample') throw error;
    throw new SpecError(`${nameOf(path)} no longer applies: ${error.message}`);
  }
};

/** `variant`: of the command line. */
const loaded = (file: TraceFile, suite: Suite, variant: string | undefined, given: Given): LoadedTrace => {
  const { model } = suite;
  const chosen = givenChoices(model, choicesOf(given));
  const said = file.settingsFor(model);
  // The switches that the file says are those of its own variant.
  const switches = variant === undefined || variant === file.variant ? said.switches : {};
  const scope = scopeOf(model, {
    variant: variant ?? file.variant,
    config: { ...said.config, ...chosen.config },
    switches: { ...switches, ...chosen.alternatives[0] },
    forScript: true,
  });
  const system = scriptSystemOf(model, scope);
  return { trace: file.read(scope, system), suite, scope, system };
};

const choicesOf = ({ set = [], switch: switches = [] }: Given) => ({ set, switch: switches });

/** What the command line names. */
const targetOf = async (name: string): Promise<Target> => {
  const [target, ...more] = await findTargets(name);
  if (target && more.length === 0) return target;
  throw new SpecError(
    `${name} has several models; a script is run on one: export ${[target, ...more].map((one) => one?.suite.model.id).join(' or ')} alone`,
  );
};

/** What the file names. `given`: where its model is now. */
const suiteOf = async (file: TraceFile, given: string | undefined, path: string): Promise<Suite> => {
  const module = given ?? file.module;
  if (module === undefined && file.model === undefined)
    throw new SpecError(
      `${nameOf(path)} does not say of which model it is; write pagelaw run MODEL ${path}, or begin a script with the line: model NAME`,
    );
  const located = (module === undefined ? allSuites() : await suitesOf(module)).map(({ suite }) => suite);
  if (file.model !== undefined) return itemNamed('model', file.model, located, ({ model }) => model.id);
  const [suite, ...more] = located;
  if (suite && more.length === 0) return suite;
  throw new SpecError(
    `${module} has several models, ${located.map(({ model }) => model.id).join(' and ')}; export one of them alone`,
  );
};

export const nameOf = (path: string) => (path === '-' ? '<stdin>' : path);

/** In bytes. Nobody writes a longer trace, but /dev/zero is one. */
const mostBytes = 2 ** 24;

/** The bytes of a file, or of standard input. Throws a SpecError for what cannot be read or has no end. */
const readSource = async (path: string, console: Console): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    const stream = path === '-' ? console.input : createReadStream(path);
    for await (const piece of addAbortSignal(console.interrupted, stream)) {
      pieces.push(piece);
      length += piece.length;
      if (length > mostBytes) break;
    }
  } catch (error) {
    if (console.interrupted.aborted) throw new Cancelled('interrupted');
    throw new SpecError(`cannot read ${nameOf(path)}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (length > mostBytes)
    throw new SpecError(`${nameOf(path)} is longer than ${mostBytes / 2 ** 20} MiB, which no script is`);
  return Buffer.concat(pieces);
};
