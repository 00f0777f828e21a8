import type { Covered, Evidence } from '../engine/result.ts';
import type { CheckedProperty, CheckResult } from '../job/check.ts';
import type { Property, Step } from '../spec/property.ts';
import type { Presentation } from '../system/presentation.ts';
import type { Scope } from '../system/scope.ts';
import type { Replayed } from './replay.ts';
import { instanceWords } from './trace.ts';
import {
  boundWords,
  crossCheckWords,
  plural,
  randomWords,
  scopeName,
  settings,
  subjectWords,
  verdictWords,
} from './words.ts';

/** What the formats for mail, CI and other tools are made of: one search of one variant, or one counterexample run again. */
export interface Report extends Presentation {
  /** What was run, e.g. `exhaustive search`. */
  readonly how: string;
  /** What that covered, e.g. `3,600 states, up to 8 calls deep`. */
  readonly covered: string;
  /** How what was proved was checked again, in a sentence; undefined where it was not, or nothing was proved. */
  readonly crossChecked?: string | undefined;
  readonly findings: readonly Finding[];
  /** Sentences: what was not looked at, so that nobody takes it for proved. */
  readonly notChecked: readonly string[];
}

/** One property, judged. */
export interface Finding {
  readonly property: Property;
  /**
   * - `passed`: proved, or the counterexample no longer breaks the property.
   * - `known`: violated, as the suite lists it.
   * - `failed`: violated and not listed, or listed and not violated.
   * - `open`: nothing can be said.
   */
  readonly status: 'passed' | 'known' | 'failed' | 'open';
  /** `violated`, `proved`, `reached`, ... */
  readonly verdict: string;
  /** What more there is to say of the verdict, in a sentence; '' if nothing. */
  readonly note: string;
  /** Of a violation: the calls to it. */
  readonly counterexample?: { readonly steps: readonly Step[]; readonly trace: Evidence; readonly command: string[] };
}

/** e.g. `3,600 states, the deepest 8 calls from the initial one; 20,000 calls tried`, without the counts that the engine does not have. */
const coveredWords = ({ states, depth, transitions }: Covered, farthest: string): string =>
  [
    states !== undefined && depth !== undefined
      ? `${plural(states, 'state')}, ${farthest} ${plural(depth, 'call')} from the initial one`
      : states !== undefined && plural(states, 'state'),
    transitions !== undefined && `${plural(transitions, 'call')} tried`,
  ]
    .filter((part) => part !== false)
    .join('; ');

/**
 * `target` is what the command line has to name for the model, if that is not its id: the file it comes from. `code` is the option that
 * names the code whose calls were judged in place of the model's.
 */
export const reportOf = (
  result: CheckResult,
  target: string = result.scope.model,
  code: readonly string[] = result.subject ? ['--subject', result.subject.program] : [],
): Report => {
  const { scope, search, covered, bound } = result;
  return {
    ...result,
    how:
      search.kind === 'random'
        ? `random search${result.subject ? ` of the calls of ${result.subject.name}` : ''}, seed ${search.seed}, ${randomWords(search)}`
        : `${search.kind} search${result.subject ? ` of the calls of ${result.subject.name}` : ''}`,
    covered: coveredWords(covered, search.kind === 'random' ? 'the longest run' : 'the deepest'),
    crossChecked: result.crossCheck && crossCheckWords(result.crossCheck, covered),
    findings: result.properties.map((one) => findingOf(one, result, target, code)),
    notChecked: [
      ...(bound ? [`The search ended early (${boundWords(bound)}): states beyond that were not visited.`] : []),
      ...(search.kind === 'random' ? ['Random runs prove nothing: what they did not meet may still be there.'] : []),
      `No other configuration than ${settings(scope.config) || 'the only one there is'}.`,
      ...(result.filtered ? ['No other property than those named.'] : []),
      ...(result.subject ? subjectWords(result.subject).slice(1) : []),
      'Nothing after a call that panics.',
      'Nothing that the model leaves out; its README says what that is.',
    ],
  };
};

const findingOf = (
  one: CheckedProperty,
  { scope, search }: CheckResult,
  target: string,
  code: readonly string[],
): Finding => {
  const { property, verdict, standing, steps } = one;
  const violated = verdict.kind === 'violated';
  const status =
    standing === 'known'
      ? 'known'
      : standing === 'unexpected' || standing === 'missing'
        ? 'failed'
        : standing === 'ok' && verdict.kind === 'proved'
          ? 'passed'
          : 'open';
  const random =
    search.kind === 'random' && violated && verdict.trace
      ? [
          ...(search.seconds === undefined ? ['--runs', `${search.runs}`] : ['--time', `${search.seconds}s`]),
          '--length',
          `${search.length}`,
          '--seed',
          `${search.seed}`,
        ]
      : [];
  return {
    property,
    status,
    verdict: verdictWords(verdict, property.witness),
    note: noteOf(one),
    ...(violated &&
      verdict.trace &&
      steps && {
        counterexample: {
          steps,
          trace: verdict.trace,
          command: [
            ...checkCommand(scope, target),
            ...code,
            '--search',
            search.kind,
            ...random,
            '--property',
            property.id,
          ],
        },
      }),
  };
};

const noteOf = ({ property, verdict, standing }: CheckedProperty): string => {
  if (standing === 'missing') return 'The suite lists it as violated by this variant, and it is not.';
  if (verdict.kind === 'incomplete') return 'The search ended early.';
  if (verdict.kind === 'not found')
    return property.witness ? 'No random run reached it.' : 'No random run violates it, which proves nothing.';
  if (verdict.kind !== 'violated' || verdict.trace) return '';
  const of = verdict.instance === undefined ? '' : ` for ${instanceWords(verdict.instance)}`;
  const where = standing === 'vacuous' ? '; the default one can show it' : '';
  return `No reachable ${property.on === 'call' ? 'call' : 'state'} of this configuration is like this${of}${where}.`;
};

/** The variant and what differs from it, as the command line has it. */
const checkCommand = (scope: Scope, target: string): string[] => [
  'pagelaw',
  'check',
  `${target}@${scope.variant}`,
  ...scope.resized.flatMap((name) => ['--set', `${name}=${scope.config[name]}`]),
  ...scope.flipped.flatMap((name) => ['--switch', `${name}=${scope.switches[name]}`]),
];

/** `file` is the counterexample's. Undefined for a trace that claims to break nothing. */
export const replayReport = (replayed: Replayed, file: string): Report | undefined => {
  const { scope, property, steps, broken } = replayed;
  if (!property) return undefined;
  return {
    ...replayed,
    how: 'replay of a saved counterexample',
    covered: plural(steps.length, 'call'),
    findings: [
      {
        property,
        status: broken ? 'failed' : 'passed',
        verdict: broken ? 'violated' : 'no longer broken',
        note: broken ? '' : 'These calls no longer break it, which is no proof that others do not.',
        ...(broken && {
          counterexample: {
            steps: steps.slice(0, broken.commands.length),
            trace: broken,
            command: ['pagelaw', 'replay', file],
          },
        }),
      },
    ],
    notChecked: [
      'Nothing but these calls.',
      `No other configuration than ${settings(scope.config) || 'the only one there is'}.`,
      'Nothing that the model leaves out; its README says what that is.',
    ],
  };
};

/** `pkvm-mmio@v4 no-panic`: what a finding is called outside its report. */
export const findingName = ({ scope }: Report, { property }: Finding): string => `${scopeName(scope)} ${property.id}`;
