import type { Trace } from '../engine/result.ts';
import { describeCommand } from '../spec/model.ts';
import type { Property, Step } from '../spec/property.ts';
import type { Presentation } from '../system/presentation.ts';
import type { Why } from '../trace/why.ts';
import { drawingLegend, drawingText, marked } from './drawing.ts';
import { lanesOf } from './lanes.ts';
import type { Style } from './style.ts';
import { brokenText, callText, changesText, loopLine } from './trace.ts';
import { whyLines } from './why.ts';
import { fitted, plural, scopeName, settings, statementOf, wrapped, wrappedBelow } from './words.ts';

/** A trace, run again. */
export interface Replayed extends Presentation {
  /** What it claims to break; undefined if it claims nothing. */
  readonly property: Property | undefined;
  readonly steps: readonly Step[];
  /** For each call the result that the trace has for it, if it has one. */
  readonly recorded: readonly (string | undefined)[];
  /** For each call what is different now, in lines. */
  readonly differences: readonly (readonly string[])[];
  /** For each call why it did not succeed, if it did not. */
  readonly why: readonly (Why | undefined)[];
  /** Where the property breaks; undefined if it holds all along. */
  readonly broken: Trace | undefined;
}

/** The report of `replay`: each call with its result and the fields it changed. */
export const replayText = (
  { scope, title, legend, lane, draw, initial, property, steps, differences, why, broken }: Replayed,
  style: Style,
): string => {
  const changed = differences.filter(({ length }) => length > 0).length;
  const shown = broken ? steps.slice(0, broken.commands.length) : steps;
  const lanes = lanesOf(shown, lane);
  const calls = shown.map((step, i) => {
    const changes = changesText(step, '         ');
    return [
      ...(i === broken?.loop ? [loopLine] : []),
      lanes?.row(step, i, style.bold) ?? callText(step, i, describeCommand(step.command), style.bold),
      ...(differences[i] ?? []).map((line) => style.yellow(`         ${line}`)),
      changes === '' ? style.dim('         changes nothing') : changes,
      ...whyLines(why[i]).map((line) => wrappedBelow(line, 78, 9)),
      ...(draw && step.outcome.state !== step.before
        ? [drawingText(marked(draw(step.outcome.state), draw(step.before)), '       ')]
        : []),
    ].join('\n');
  });
  return `${fitted(
    [
      [
        `${style.bold(scopeName(scope))}: ${title}`,
        settings(scope.config),
        settings(scope.switches),
        ...(legend === undefined ? [] : [legend]),
      ]
        .map((line) => wrapped(line, 78))
        .join('\n'),
      ...(property ? [`${style.bold(property.id)}\n${wrapped(statementOf(property), 76, '  ')}`] : []),
      ...(draw
        ? [`  initial state (below: ${drawingLegend})\n${drawingText(marked(draw(initial), undefined), '       ')}`]
        : []),
      calls.length === 0 ? '  in the initial state' : [...(lanes ? [lanes.head] : []), ...calls].join('\n'),
      broken ? style.red(brokenText(broken)) : closing(property, steps.length, changed, style),
    ].join('\n\n'),
  )}\n`;
};

/** What is said in the end of a trace that breaks nothing. `changed`: how many of its calls do otherwise than it says. */
const closing = (property: Property | undefined, calls: number, changed: number, style: Style): string => {
  if (property)
    return style.green(
      `${changed > 0 ? 'The model' : 'The property'} has changed: these calls no longer break ${property.id}.`,
    );
  return changed === 0
    ? style.green(`${plural(calls, 'call')}, all as written.`)
    : style.red(`${changed} of ${plural(calls, 'call')} ${changed === 1 ? 'is' : 'are'} not as written.`);
};
