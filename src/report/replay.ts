import type { Evidence } from '../engine/result.ts';
import type { Property, Step } from '../spec/property.ts';
import type { Presentation } from '../system/presentation.ts';
import type { Why } from '../trace/why.ts';
import { type Block, bad, good, paragraph, strong, tightParagraph, type Words } from './document.ts';
import { brokenWords, traceBlock } from './trace.ts';
import { plural, scopeName, settings, statementOf } from './words.ts';

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
  readonly broken: Evidence | undefined;
}

/** The report of `replay`: each call with its result and the fields that it changed. */
export const replayBlocks = (replayed: Replayed): Block[] => {
  const { scope, title, legend, property, steps, differences, why, broken } = replayed;
  const shown = broken ? steps.slice(0, broken.commands.length) : steps;
  const about = [settings(scope.config), settings(scope.switches), legend ?? ''].filter((line) => line !== '');
  return [
    { kind: 'section', title: [strong(scopeName(scope)), `: ${title}`], blocks: [tightParagraph(...about)] },
    ...(property ? [propertySection(property)] : []),
    traceBlock(replayed, shown, { detail: 'states', loop: broken?.loop, why, remarks: differences }),
    broken ? { kind: 'paragraph', lines: [bad(`=> ${brokenWords(broken)}`)], indent: 2 } : paragraph(closing(replayed)),
  ];
};

const propertySection = (property: Property): Block => ({
  kind: 'section',
  title: property.id,
  blocks: [{ kind: 'paragraph', lines: [statementOf(property)], indent: 2, tight: true }],
});

/** What is said at the end of a trace that breaks nothing. */
const closing = ({ property, steps, differences }: Replayed): Words => {
  const changed = differences.filter(({ length }) => length > 0).length;
  if (property)
    return good(
      `${changed > 0 ? 'The model' : 'The property'} has changed: these calls no longer break ${property.id}.`,
    );
  return changed === 0
    ? good(`${plural(steps.length, 'call')}, all as written.`)
    : bad(`${changed} of ${plural(steps.length, 'call')} ${changed === 1 ? 'is' : 'are'} not as written.`);
};
