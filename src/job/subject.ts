import type { Search } from '../engine/index.ts';
import { searchRandom } from '../engine/random/random.ts';
import type { Bound, Judged, Result } from '../engine/result.ts';
import { type Task, taskOf } from '../engine/task.ts';
import { SpecError } from '../spec/errors.ts';
import type { Property } from '../spec/property.ts';
import type { Suite } from '../spec/suite.ts';
import { describeHidden, findHiddenState, mustRepeat } from '../subject/hidden.ts';
import { searchInterleavings } from '../subject/preemptions.ts';
import { HiddenStateError, SubjectError } from '../subject/program.ts';
import { type SubjectSearchResult, searchSubject } from '../subject/search.ts';
import { Subject, type SubjectOptions } from '../subject/subject.ts';
import { subjectTask } from '../subject/system.ts';
import { presentationOf } from '../system/presentation.ts';
import { type Choices, scopeOf } from '../system/scope.ts';
import { minimise } from '../trace/minimise.ts';
import { counterexampleOf } from '../trace/record.ts';
import type { CheckRequest, CheckResult } from './check.ts';
import { type Confirmed, claimedBy, confirmed } from './confirmed.ts';
import { listedFor, standingOf } from './standing.ts';

/** Within so many states, breadth-first, a shorter trace is looked for than random search found. */
const statesSearchedForShorter = 500;

/**
 * Checks the properties of a suite with the calls of a program in place of the model's. What was found before the program failed is in the
 * result, beside the failure.
 */
export const checkSubject = async (
  suite: Suite,
  choices: Choices,
  search: Search,
  program: SubjectOptions,
  options: CheckRequest = {},
): Promise<CheckResult> => {
  const { model } = suite;
  const scope = scopeOf(model, choices);
  const properties = suite.properties.filter(({ id }) => options.properties?.includes(id) ?? true);
  const subject = new Subject(model, scope, program);
  try {
    const unobserved = new Set<string>();
    const task = subjectTask(taskOf(model, scope, properties), subject, ({ id }) => unobserved.add(id));
    const found = await searchBy(search, task, subject, options);
    const isLacking = ({ call }: Property) => call !== undefined && subject.lacks.includes(call);
    const judgeable = found.judged.filter(({ property }) => !unobserved.has(property.id) && !isLacking(property));
    const trouble = new Trouble(found.failure, found.abandoned ?? false);
    const { unlessFailed } = trouble;
    const isWhole = !found.bound;
    const shownAs =
      (search.kind === 'random' && isWhole && (await unlessFailed(() => shortened(task, subject, judgeable)))) ||
      judgeable;
    const replayed = new Map<Property, Confirmed>();
    for (const { property, verdict } of shownAs)
      if (verdict.kind === 'violated' && verdict.trace) {
        const { trace, path } = verdict;
        const again = await trouble.unlessEnded(() => {
          const one = confirmed(task, property, trace, search, path);
          mustRepeat(subject, one.steps);
          return one;
        });
        if (again) replayed.set(property, again);
      }
    const { places } = found;
    const hidden = places && isWhole && (await unlessFailed(() => findHiddenState(subject, places)));
    if (hidden) trouble.add(new HiddenStateError(`the subject ${subject.program} ${describeHidden(hidden)}`));
    const { preemptions } = program;
    const interleavings =
      preemptions === undefined || !places
        ? undefined
        : await unlessFailed(() => searchInterleavings(task, subject, places, preemptions, options));
    const failure = trouble.first?.message;
    // Where the state is more than what is printed, or may be, the search has not seen all states.
    const bound: Bound | undefined = failure !== undefined ? (found.bound ?? { kind: 'failure' }) : found.bound;
    const judged =
      failure === undefined
        ? shownAs
        : shownAs.map((one) => (trouble.isHidden && restsOnHidden(one, replayed) ? unjudged(one) : unproved(one)));
    const known = listedFor(suite, scope);
    const isDefault = scope.resized.length === 0;
    const checked = judged.map(({ property, verdict }) => {
      const standing = standingOf({ property, verdict }, known.includes(property.id), isDefault);
      const one = { property, verdict, standing };
      if (verdict.kind !== 'violated' || !verdict.trace) return one;
      const again = replayed.get(property);
      if (again) return { ...one, ...again };
      // The program is not there any more to make the calls again: the trace is shown as the search has found it.
      const first = judgeable.find((other) => other.property === property)!.verdict;
      const steps = first.kind === 'violated' && first.trace && found.steps.get(first.trace.commands);
      if (!steps) return one;
      const claimed = claimedBy(search, verdict.path);
      return { ...one, verdict: first, steps, counterexample: counterexampleOf(scope, property.id, steps, claimed) };
    });
    return {
      ...presentationOf(model, scope, task.system.initial),
      search,
      filtered: options.properties !== undefined,
      properties: checked,
      covered: found.covered,
      coverage: found.coverage,
      ...(bound && { bound }),
      ...(found.deadEnd && !model.done && { deadEnd: found.deadEnd }),
      subject: {
        name: subject.name,
        program: subject.program,
        requests: subject.calls,
        lacks: subject.lacks,
        unobserved: subject.hello.unobserved,
        notChecked: found.judged.filter((one) => !judgeable.includes(one)).map(({ property }) => property.id),
        ...(interleavings && { interleavings }),
        ...(failure !== undefined && { failure }),
      },
    };
  } finally {
    subject.close();
  }
};

const searchBy = async (
  search: Search,
  task: Task,
  subject: Subject,
  { monitor, memoryGuard }: CheckRequest,
): Promise<
  Result & Pick<SubjectSearchResult, 'failure' | 'steps'> & Partial<Pick<SubjectSearchResult, 'places' | 'abandoned'>>
> => {
  const watch = { ...(monitor && { monitor }), ...(memoryGuard && { memoryGuard }) };
  if (search.kind === 'random') return searchRandom(task, { ...search, ...watch });
  return searchSubject(task, subject, {
    ...(search.maxStates !== undefined && { maxStates: search.maxStates }),
    ...watch,
  });
};

/** The violations with the best traces that can be had cheaply: shortest ones, else in their normal form. */
const shortened = async (task: Task, subject: Subject, judged: readonly Judged[]): Promise<Judged[]> => {
  const violated = judged.filter(({ verdict }) => verdict.kind === 'violated' && verdict.trace);
  const obligations = task.obligations.filter(({ property }) => violated.some((one) => one.property === property));
  if (obligations.length === 0) return [...judged];
  const near = await searchSubject({ ...task, obligations }, subject, { maxStates: statesSearchedForShorter });
  return judged.map(({ property, verdict }) => {
    const obligation = obligations.find((one) => one.property === property);
    if (!obligation || verdict.kind !== 'violated' || !verdict.trace) return { property, verdict };
    const shorter = near.judged.find((one) => one.property === property)?.verdict;
    const trace =
      shorter?.kind === 'violated' && shorter.trace ? shorter.trace : minimise(task, obligation, verdict.trace);
    return { property, verdict: { ...verdict, trace } };
  });
};

/** What says that there is no other state is not known any more. */
const unproved = ({ property, verdict }: Judged): Judged => {
  const claims = property.witness ? verdict.kind === 'violated' : verdict.kind === 'proved';
  return claims ? unjudged({ property }) : { property, verdict };
};

const unjudged = ({ property }: Pick<Judged, 'property'>): Judged => ({
  property,
  verdict: { kind: 'incomplete', bound: { kind: 'failure' } },
});

/**
 * Whether a violation may come from what the subject does not print. Not if its calls did the same when they were made again without
 * going back, and it needs no more than the last printed state, or is a panic: laws of calls and paths take the printed state for all
 * there is.
 */
const restsOnHidden = ({ property, verdict }: Judged, replayed: ReadonlyMap<Property, Confirmed>): boolean => {
  if (verdict.kind !== 'violated' || !verdict.trace) return false;
  const last = replayed.get(property)?.steps.at(-1);
  return !replayed.has(property) || !(property.on === 'state' || last?.outcome.result === 'panic');
};

/** What went wrong with a subject after it was searched, or by then. */
class Trouble {
  first: SpecError | undefined;
  /** Whether a call did two things in what is printed as one state, or a violation was not there again. */
  isHidden = false;
  /** Whether the program answers no more. */
  #hasEnded: boolean;

  constructor(failure: unknown, hasEnded: boolean) {
    this.#hasEnded = hasEnded;
    if (failure !== undefined) this.add(failure);
  }

  add(error: unknown): void {
    if (!(error instanceof SpecError)) throw error;
    this.first ??= error;
    if (error instanceof SubjectError && !(error instanceof HiddenStateError)) this.#hasEnded = true;
    else this.isHidden = true;
  }

  /** Asks the subject for more. Undefined where it does not answer, or something is wrong with what it says: what was found is kept. */
  readonly unlessEnded = async <T>(more: () => T | Promise<T>): Promise<T | undefined> => {
    if (this.#hasEnded) return undefined;
    try {
      return await more();
    } catch (error) {
      this.add(error);
      return undefined;
    }
  };

  /** The same, once nothing has gone wrong. */
  readonly unlessFailed = async <T>(more: () => T | Promise<T>): Promise<T | undefined> =>
    this.first ? undefined : this.unlessEnded(more);
}
