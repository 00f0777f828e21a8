import type { Monitor } from '../engine/engine.ts';
import { explore } from '../engine/explicit/exhaustive.ts';
import type { MemoryGuard } from '../engine/memory.ts';
import type { Bound, Evidence, Verdict } from '../engine/result.ts';
import { type Task, taskOf } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command } from '../spec/model.ts';
import type { Property } from '../spec/property.ts';
import type { Suite } from '../spec/suite.ts';
import { type Choices, scopeOf } from '../system/scope.ts';
import { firstBreak } from '../trace/replay.ts';
import type { ExploredTask } from './difference.ts';

/** A property that holds with the switches as they are, and not with some of them set otherwise. */
export interface Broken {
  readonly property: Property;
  readonly trace: Evidence;
}

/** Bounds of the searches, and who watches them. */
export interface SearchOptions {
  readonly maxStates?: number;
  readonly maxBytes?: number;
  readonly memoryGuard?: MemoryGuard;
  readonly workers?: number;
  readonly monitor?: Monitor;
}

/** A variant with its switches set in some way, and what an exhaustive search found of it. */
export interface Searched {
  readonly task: Task;
  /** What was explored, unless states that are alike were left out. */
  readonly explored: ExploredTask | undefined;
  readonly states: number;
  readonly bound: Bound | undefined;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  properties(which: (one: { readonly property: Property; readonly verdict: Verdict }) => boolean): Property[];
  /** Which of the properties are violated, each with a trace that was replayed with the plain functions. */
  broken(properties: readonly Property[]): Broken[];
}

export const searched = async (suite: Suite, choices: Choices, options: SearchOptions): Promise<Searched> => {
  const task = taskOf(suite.model, scopeOf(suite.model, choices), suite.properties);
  const { judged, covered, symmetry, bound, explored } = await explore(task, options);
  const verdicts = new Map(judged.map(({ property, verdict }) => [property.id, verdict]));
  return {
    task,
    explored: symmetry ? undefined : { ...explored, verdicts, bound },
    states: Number(symmetry?.states ?? covered.states),
    bound,
    verdicts,
    properties: (which) => judged.filter(which).map(({ property }) => property),
    broken: (properties) =>
      judged.flatMap(({ property, verdict }) => {
        if (verdict.kind !== 'violated' || !verdict.trace || !properties.includes(property)) return [];
        if (!isBroken(task, property, verdict.trace.commands))
          throw new SpecError(`${suite.model.id}: a trace that breaks ${property.id} does so once and not again`);
        return [{ property, trace: verdict.trace }];
      }),
  };
};

export const isBroken = (task: Task, property: Property, commands: readonly Command[]): boolean => {
  const obligation = task.obligations.find((one) => one.property === property);
  try {
    return obligation !== undefined && firstBreak(task, obligation, commands) !== undefined;
  } catch (error) {
    if (error instanceof SpecError) return false; // these calls cannot be made here
    throw error;
  }
};
