import type { Trace } from '../search/result.ts';
import { describeCommand, type Scope } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Property, Step } from '../spec/property.ts';
import type { Style } from './style.ts';
import { brokenText, changesText, wrapped } from './text.ts';
import { scopeName, settings } from './words.ts';

/** A counterexample, run again. */
export interface Replayed {
  readonly scope: Scope;
  readonly title: string;
  readonly legend: string | undefined;
  readonly property: Property;
  readonly steps: readonly Step[];
  /** What each call did when the counterexample was saved. */
  readonly recorded: readonly string[];
  /** Undefined if the property holds all along. */
  readonly broken: Trace | undefined;
}

/** The report of `replay`: each call with its result and the fields it changed. */
export const replayText = (
  { scope, title, legend, property, steps, recorded, broken }: Replayed,
  style: Style,
): string => {
  const shown = broken ? steps.slice(0, broken.commands.length) : steps;
  const calls = shown.map((step, i) => {
    const now = describeOutcome(step.outcome);
    const changes = changesText(step, '       ');
    return [
      `${String(i + 1).padStart(3)}  ${style.bold(describeCommand(step.command))}  ${now}`,
      ...(now === recorded[i] ? [] : [style.yellow(`       when it was saved: ${recorded[i]}`)]),
      changes === '' ? style.dim('       changes nothing') : changes,
    ].join('\n');
  });
  return `${[
    [
      `${style.bold(scopeName(scope))}: ${title}`,
      settings(scope.config),
      settings(scope.switches),
      ...(legend === undefined ? [] : [legend]),
    ]
      .map((line) => wrapped(line, 78))
      .join('\n'),
    `${style.bold(property.id)}\n${wrapped(`${property.statement} [${property.source}]`, 76, '  ')}`,
    calls.length === 0 ? '  in the initial state' : calls.join('\n'),
    broken
      ? style.red(brokenText(broken))
      : style.green(`The model has changed: these calls no longer break ${property.id}.`),
  ].join('\n\n')}\n`;
};
