import diff from 'microdiff';
import type { Evidence } from '../engine/result.ts';
import { describeCommand, describeFields } from '../spec/model.ts';
import { describeOutcome } from '../spec/outcome.ts';
import type { Step } from '../spec/property.ts';
import type { Presentation } from '../system/presentation.ts';
import type { Why } from '../trace/why.ts';
import type { FieldChange, Trace as TraceBlock } from './document.ts';
import { marked } from './drawing.ts';
import { whyLines } from './why.ts';
import { valueWords } from './words.ts';

/** What a trace needs to know of the model whose calls it shows. */
type Traced = Pick<Presentation, 'scope' | 'kernel' | 'draw' | 'initial' | 'lane'>;

interface TraceOptions {
  readonly detail: TraceBlock['detail'];
  readonly loop?: number | undefined;
  /** What the trace breaks, if that is to be said below it. */
  readonly broken?: string | undefined;
  /** For each step, why it was refused, if it was. */
  readonly why?: readonly (Why | undefined)[];
  /** For each step, what is unusual about it. */
  readonly remarks?: readonly (readonly string[])[];
}

/** Steps as a part of a report. */
export const traceBlock = (traced: Traced, steps: readonly Step[], options: TraceOptions): TraceBlock => {
  const { detail, loop, broken, why = [], remarks = [] } = options;
  const { scope, kernel, lane, initial } = traced;
  const draw = detail === 'calls' ? undefined : traced.draw;
  return {
    kind: 'trace',
    subject: scope.model,
    detail,
    initial: draw ? marked(draw(initial), undefined) : [],
    steps: steps.map((step, i) => ({
      call: describeCommand(step.command),
      lane: lane?.(step),
      result: describeOutcome(step.outcome),
      outcome: step.outcome.result,
      changes: detail === 'calls' ? [] : changesOf(step),
      drawing: draw ? marked(draw(step.outcome.state), draw(step.before)) : [],
      source: kernel[step.command.kind],
      why: whyLines(why[i]),
      remarks: remarks[i] ?? [],
    })),
    loop,
    broken,
  };
};

/** What the last state or call of a trace breaks, in one line: `broken for pfn=8: host state NOPAGE`. */
export const brokenWords = ({ instance, detail, loop }: Evidence): string => {
  const of = instance === undefined ? '' : ` for ${instanceWords(instance)}`;
  const words =
    loop === undefined
      ? `broken${of}${detail === '' ? '' : `: ${detail}`}`
      : `never ends${of}: the state is again the one before call ${loop + 1}`;
  return words.replace(/\s*\n\s*/g, ' ').trim();
};

export const instanceWords = (instance: unknown) =>
  typeof instance === 'object' && instance !== null && !Array.isArray(instance)
    ? describeFields(instance)
    : valueWords(instance);

/** The changed fields of a state, in the order of the fields. */
export const changesOf = ({ before, outcome }: Step): FieldChange[] =>
  diff(before as object as unknown[], outcome.state as object as unknown[]).map((change) => {
    const path = change.path
      .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
      .join('');
    const was = change.type === 'CREATE' ? '-' : valueWords(change.oldValue);
    const is = change.type === 'REMOVE' ? '-' : valueWords(change.value);
    return { path, was, is };
  });
