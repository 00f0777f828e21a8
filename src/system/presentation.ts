import type { Drawing } from '../spec/drawing.ts';
import type { Lane, Model } from '../spec/model.ts';
import type { Step } from '../spec/property.ts';
import { drawingOf, laneOf, legendOf } from './callbacks.ts';
import type { Scope } from './scope.ts';

/** What a reader of a report has to know of the system that was run, and how its calls and states are shown. */
export interface Presentation {
  readonly scope: Scope;
  readonly title: string;
  /** A line that says how to read the arguments of calls; undefined for a model without one. */
  readonly legend: string | undefined;
  /** The names of calls in the kernel, by the kind of the command. */
  readonly kernel: Readonly<Partial<Record<string, string>>>;
  /** Draws a state; undefined for a model that does not say how. */
  readonly draw: ((state: unknown) => readonly Drawing[]) | undefined;
  readonly initial: unknown;
  /** Whose step a call is; undefined for a model without threads. */
  readonly lane: ((step: Step) => Lane | undefined) | undefined;
}

/** `initial`: the initial state of the scope's system. Throws a SpecError if a function of the model fails. */
export const presentationOf = (model: Model, scope: Scope, initial: unknown): Presentation => ({
  scope,
  title: model.title,
  legend: legendOf(model, scope.config),
  kernel: { ...model.kernel },
  draw: drawingOf(model, scope),
  initial,
  lane: laneOf(model),
});
