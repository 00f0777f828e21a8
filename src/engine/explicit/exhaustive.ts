import { setTimeout } from 'node:timers/promises';
import type { Command } from '../../spec/model.ts';
import type { Property } from '../../spec/property.ts';
import { layoutOf } from '../../system/layout.ts';
import { leads } from '../../table/transition-table.ts';
import { hole } from '../../table/tries.ts';
import type { Progress, RunOptions } from '../engine.ts';
import type { Exploration } from '../exploration.ts';
import { type Explored, endsOf, firstDeadEnd, judgeExplored, noSuccessor, type Quotient } from '../explored.ts';
import { decides, Findings, type Judgeable } from '../findings.ts';
import { isOutOfMemory } from '../memory.ts';
import type { Bound, CoveredStates, EngineCosts, Evidence, Result } from '../result.ts';
import { Tally } from '../tally.ts';
import { judge, LeftDomain, perform, type Task } from '../task.ts';
import { CallJudgements } from './call-judgements.ts';
import { compile, type Expand } from './compiled.ts';
import { findDead } from './dead.ts';
import { TransitionLearner } from './learner.ts';
import { StateJudgements } from './state-judgements.ts';
import { StateSet } from './state-set.ts';
import { type Symmetry, symmetryOf } from './symmetry.ts';
import { SymmetryCheck } from './symmetry-check.ts';
import { Workers } from './workers.ts';

export interface ExhaustiveOptions {
  /** Stop, as incomplete, before more than this many distinct states. */
  readonly maxStates?: number;
  /** Stop, as incomplete, before the state table takes more than this many bytes. */
  readonly maxBytes?: number;
  /** How many threads expand states; 1 if not given. What is found does not depend on it. */
  readonly workers?: number;
  /** The fewest calls in a level for which threads are worth their trouble; 0: use them whether they are of use or not. */
  readonly callsWorthSharing?: number;
  /** How many calls a worker may leave to the main thread at once; the fewer, the nearer to a bound are workers of use. */
  readonly callsToLeave?: number;
  /** Look for results that no reachable state gives, once all of these are known. */
  readonly dead?: boolean;
  /** Whether to visit one state for all that are alike, where the model declares a symmetry; `on` if not given. */
  readonly symmetry?: 'on' | 'off';
  /** Whether a call that leaves the domain ends the search as incomplete even where no violation comes before it. */
  readonly mayLeaveDomain?: boolean;
}

/** What an exhaustive search says. It always has the counts of states. */
export interface ExhaustiveResult extends Result {
  readonly covered: CoveredStates;
  readonly engine: EngineCosts;
}

/** An exhaustive search whose result keeps what was explored. */
export const explore = async (
  task: Task,
  options: ExhaustiveOptions & Omit<RunOptions, 'keepExplored'> = {},
): Promise<ExhaustiveResult & { readonly explored: Exploration }> => {
  const { explored, ...result } = await searchExhaustive(task, { ...options, keepExplored: true });
  if (!explored) throw new Error('what was to be kept is gone');
  return { ...result, explored };
};

/** Work between looks at the clock, some ten milliseconds: an attempt counts 1, a function that is run as much as it takes. */
const workBetweenLooks = 1 << 18;
const workOfRun = 400;

/** Arrivals whose places in the state table are read before the first of them is put there. */
const arrivalsInBatch = 256;

/** By then most of the rows that matter have been learned; a search that ends before is not worth compiling. */
const statesBeforeCompiling = 1000;

/** Of so many states one is looked up in the tables in any case, where rows are checked again now and then. */
const statesBetweenLookups = 256;

/** Some ten milliseconds of one thread: what it takes to start a stretch of a level on several, and to put it in order. */
const usuallyWorthSharing = 1 << 20;

/** Where more than one call in so many is left to the main thread, and again so, workers are of no use. */
const mostLeftOneIn = 8;
const mostWastedStretches = 3;

/** For the main thread, while workers expand and while it judges. */
const millisecondsBetweenLooks = 20;
const statesBetweenLooks = 1 << 14;

/** What a worker thread takes, with its own heap and stack. */
const bytesOfWorker = { touched: 12 * 2 ** 20, reserved: 720 * 2 ** 20 };

/** For each state and instance that it is followed with, while infinite paths are looked for. */
const bytesOnPaths = 10;

/** Fewer bytes are there, whatever the process has taken. */
const worthAsking = 2 ** 20;

/** Of so many states one is judged again plainly, by every judgement. */
const statesBetweenAudits = 4096;

/**
 * The reference search on packed states and decision tables: the same order, hence the same verdicts, counts and traces. Exact:
 * states are compared in full, so none is taken for another because of its hash.
 *
 * With symmetry, of the states that are alike only the representative is visited. Successors are judged as they are and then
 * replaced by theirs; a trace is found by following the representatives from the initial state with real calls.
 */
export const searchExhaustive = async (
  task: Task,
  options: ExhaustiveOptions & RunOptions = {},
): Promise<ExhaustiveResult> => {
  try {
    return await search(task, options);
  } catch (error) {
    if (!(error instanceof LeftDomain)) throw error;
    // If that is behind a violation, what was seen up to there counts, and for that each call must be made in its turn.
    return await search(task, { ...options, workers: 1, symmetry: 'off' }, true);
  }
};

/** `inTurn`: no call is counted before those before it have been made, and to leave the domain behind a violation ends the search. */
const search = async (
  task: Task,
  options: ExhaustiveOptions & RunOptions,
  inTurn = false,
): Promise<ExhaustiveResult> => {
  const {
    maxStates = Number.POSITIVE_INFINITY,
    maxBytes = Number.POSITIVE_INFINITY,
    memoryGuard,
    workers = 1,
    callsWorthSharing = usuallyWorthSharing,
    monitor = async () => true,
  } = options;
  const start = performance.now();
  const { system, commands } = task;
  const layout = layoutOf(system.state);
  const width = layout.words;
  const states = new StateSet(width, maxBytes, memoryGuard);
  const most = Math.min(maxStates, states.most);
  const symmetry = options.symmetry === 'off' ? undefined : symmetryOf(task, layout);
  const check = symmetry && new SymmetryCheck(task, layout, symmetry);
  const findings = new Findings(task, check && ((judgeable) => check.alike(judgeable)));
  const learner = new TransitionLearner(task, layout);
  const transitions = learner.table;
  const ofStates = new StateJudgements(task, layout, transitions, findings, check);
  const ofCalls = new CallJudgements(task, layout, transitions, findings, check);

  // A batch of arrivals, in the order of states and commands: from where, by which row (-1 - command if that is yet to be looked
  // up), and the words of the state, with their hash.
  const room = arrivalsInBatch + commands.length;
  const batch = {
    from: new Uint32Array(room),
    rows: new Int32Array(room),
    words: new Uint32Array(room * width),
    hashes: new Int32Array(room),
    count: 0,
  };
  const alone = new Uint32Array(width);
  const instancesOnPaths = task.obligations.map(({ property, instances }) =>
    property.on === 'path' ? (symmetry ? instances.length : 1) : 0,
  );
  const bytesForPaths = bytesOnPaths * Math.max(0, ...instancesOnPaths);
  let code: string | undefined;
  let expand: Expand | undefined;
  let compiledRows = 0;
  let compileAt = statesBeforeCompiling;

  let pool: Workers | undefined;
  let wastedStretches = 0;
  /** The states that workers found and that are still to be judged, with the commands that they were found by. */
  let unjudged: { readonly from: number; readonly to: number; readonly commands: Uint32Array } = {
    from: 0,
    to: 0,
    commands: new Uint32Array(0),
  };

  let attempts = 0;
  let lastLook = 0;
  let level = 0;
  let depth = 0;
  let bound: Bound | undefined;
  /** The states of which every call was made are those before this one. */
  let expanded = 0;

  const initial = layout.encode(system.initial);
  states.add(initial, 0, states.hash(initial, 0), 0);
  if (ofStates.settles(states.words, 0)) findings.ofState(system.initial, () => []);

  try {
    for (let from = 0; from < states.count && !bound; level++) {
      const end = states.count;
      if (workers > 1 && (end - from) * commands.length >= callsWorthSharing) from = await expandTogether(from, end);
      from = await expandAlone(from, end);
    }
    if (!bound) await judgeFound();
    checkSymmetry();
  } catch (error) {
    if (!(error instanceof LeftDomain)) checkSymmetry(); // representatives that are not like the states they stand for may be what went wrong
    throw error;
  } finally {
    await pool?.close();
  }

  if (!bound) expanded = states.count;
  const searched = performance.now();
  const graph = explored();
  const deadEnd = judgeGraph();
  return {
    judged: findings.verdicts(bound, isVerified()),
    covered: covered(),
    coverage: tally().coverage,
    engine: engine(),
    ...(options.dead && !bound && { dead: findDead(task, layout, transitions, tally().coverage) }),
    ...(symmetry && {
      symmetry: { of: symmetry.labels, states: symmetry.orbitSum(states.words, states.count) },
    }),
    ...(deadEnd && { deadEnd }),
    ...(bound && { bound }),
    ...(options.keepExplored && {
      explored: { graph, layout, states, expanded, transitions, ...(symmetry && { canonical: symmetry.canonical }) },
    }),
  };

  /** Expands the states from `from` to before `end`, in order. Returns the first that it did not expand. */
  async function expandAlone(from: number, end: number): Promise<number> {
    if (from < end) await judgeFound();
    for (; from < end && !bound; from++) {
      if (from >= compileAt) recompile(from);
      if (from % statesBetweenAudits === 0) ofStates.audit(states.words, from * width);
      const first = batch.count;
      // Compiled tables count the calls of a whole batch; close to the bound each call is counted as it comes, as by the reference.
      if (expand && !inTurn && from % statesBetweenLookups !== 0 && hasRoom())
        batch.count = expand(states.words, from * width, batch.words, batch.rows, learner.uses, first);
      else for (let command = 0; command < commands.length; command++) batch.rows[batch.count++] = -1 - command;
      batch.from.fill(from, first, batch.count);
      if (from + 1 === end || batch.count >= arrivalsInBatch) arriveAll();
      attempts += commands.length;
      const work = attempts + runs() * workOfRun;
      if (work - lastLook >= workBetweenLooks && !bound) {
        lastLook = work;
        arriveAll();
        bound ??= await look();
      }
    }
    return from;
  }

  /** For a whole batch. What is refused then, and not in the middle of it, leaves the counts right. */
  function hasRoom(): boolean {
    return states.count + room < most && (!memoryGuard || states.reserve(states.count + room));
  }

  /** Whether to end here. */
  async function look(): Promise<Bound | undefined> {
    return memoryGuard?.(later()) ?? ((await monitor(progress())) ? undefined : { kind: 'interrupted' });
  }

  /** Bytes that are needed yet for what was found, to put it in order and to judge it. */
  function later(): number {
    return (pool?.bytesToOrder ?? 0) + bytesForPaths * states.count;
  }

  /** The same on worker threads, and the new states in the same order. Stops early where a bound is near. */
  async function expandTogether(from: number, end: number): Promise<number> {
    if (wastedStretches >= mostWastedStretches) return from;
    if (code === undefined) compileTables();
    else recompile(from);
    if (code === undefined) return from;
    if (!pool) {
      if (memoryGuard?.(workers * bytesOfWorker.touched, workers * bytesOfWorker.reserved)) {
        wastedStretches = mostWastedStretches;
        return from;
      }
      pool = new Workers(workers, states, width, commands.length, options.callsToLeave);
      pool.use(code, transitions.commands());
    }
    pool.begin();
    const first = states.count;
    while (from < end && !bound) {
      const ceiling = Math.min(states.capacity, most) - pool.overshoot;
      if (pool.numbers >= ceiling) {
        if (pool.numbers + pool.overshoot >= most || !states.reserve(pool.numbers + 2 * pool.overshoot)) break;
        continue;
      }
      const stretch = pool.expand(from, end, ceiling, statesBetweenLookups);
      const [reached, left] = await whileExpanding(pool, stretch);
      pool.count(learner.uses);
      for (const leftCall of left) call(leftCall.state, leftCall.command, pool);
      const calls = (reached - from) * commands.length;
      attempts += calls;
      if (callsWorthSharing > 0 && left.length * mostLeftOneIn > calls + mostLeftOneIn * commands.length)
        wastedStretches++;
      from = expanded = reached;
      recompile(from);
      if (wastedStretches >= mostWastedStretches) break;
    }
    await judgeFound(); // what the level before has brought, if there was no room for a stretch
    unjudged = { from: first, commands: pool.order(), to: states.count };
    if (states.count > first) depth = level + 1;
    return from;
  }

  /** Judges what the level before has brought, and lets the monitor through. */
  async function whileExpanding(pool: Workers, stretch: ReturnType<Workers['expand']>) {
    let ended = false;
    const end = stretch.finally(() => {
      ended = true;
    });
    end.catch(() => undefined); // it is awaited below, unless judging throws before
    await judgeFound();
    while (!ended) {
      await Promise.race([end, setTimeout(millisecondsBetweenLooks)]);
      if (!ended) bound ??= await look();
      if (bound) pool.stop();
    }
    const { end: reached, left } = await end;
    return [reached, left] as const;
  }

  /** Judges the states that workers have found, in order. */
  async function judgeFound() {
    const { from, to, commands: by } = unjudged;
    unjudged = { from: to, to, commands: by };
    const base = to - by.length;
    for (let state = from; state < to && !bound; state++) {
      const row = symmetry
        ? undefined
        : transitions.find(by[state - base]!, states.words, states.parents[state]! * width);
      if (ofStates.settles(states.words, state * width, row))
        findings.ofState(layout.decode(states.words, state * width), (among) => shownState(state, among));
      if (state % statesBetweenAudits === 0) ofStates.audit(states.words, state * width);
      if (state % statesBetweenLooks === 0) bound = await look();
    }
  }

  function arriveAll() {
    states.touch(batch.words, batch.count, batch.hashes);
    for (let i = 0; i < batch.count && !bound; i++) {
      const [from, row] = [batch.from[i]!, batch.rows[i]!];
      expanded = from;
      if (row >= 0) arrive(from, row, batch.words, i * width, batch.hashes[i]!);
      else call(from, -1 - row);
    }
    batch.count = 0;
  }

  /** Looks one call up, or runs it where nothing is known of it. */
  function call(from: number, command: number, together?: Workers) {
    const offset = from * width;
    const row = take(from, command);
    if (row === undefined || transitions.leads(row) === leads.disabled) return;
    if (ofCalls.settles(row, states.words, offset)) {
      const before = layout.decode(states.words, offset);
      const outcome = perform(task, before, commands[command]!);
      findings.ofStep({ before, command: commands[command]!, outcome }, (among) =>
        symmetry ? shownCall(from, among) : [...traceTo(from), commands[command]!],
      );
    }
    if (transitions.leads(row) !== leads.on || !transitions.apply(row, states.words, offset, alone)) return;
    symmetry?.canonical(alone, 0);
    const hash = states.hash(alone, 0);
    if (together) together.add(alone, hash, { state: from, command });
    else arrive(from, row, alone, 0, hash);
  }

  /** Undefined where the call leaves the domain, and the search ends. */
  function take(from: number, command: number): number | undefined {
    try {
      return learner.take(command, states.words, from * width);
    } catch (error) {
      if (!inTurn || !(error instanceof LeftDomain)) throw error;
      const before = layout.decode(states.words, from * width);
      const outcome = perform(task, before, commands[command]!);
      findings.ofStep({ before, command: commands[command]!, outcome }, () => [...traceTo(from), commands[command]!]);
      if (!findings.hasViolation && !options.mayLeaveDomain) throw error;
      bound = error.bound;
      return undefined;
    }
  }

  function arrive(from: number, row: number, words: Uint32Array, at: number, hash: number) {
    if (states.count >= maxStates && states.find(words, at, hash) === undefined) {
      bound = { kind: 'states', limit: maxStates };
      return;
    }
    const found = states.add(words, at, hash, from);
    if (found === StateSet.full) bound = states.refusal ?? { kind: 'memory', limit: maxBytes };
    if (found < 0) return;
    depth = level + 1;
    // The row wrote what it wrote before the parts were exchanged.
    if (ofStates.settles(states.words, found * width, symmetry ? undefined : row))
      findings.ofState(layout.decode(states.words, found * width), (among) => shownState(found, among));
  }

  /** Compiles the tables anew if there are new rows and enough has been done since the last time. */
  function recompile(from: number) {
    if (from < compileAt) return;
    while (compileAt <= from) compileAt = Math.ceil(compileAt * 1.5);
    compileTables();
  }

  function compileTables() {
    if (transitions.size === compiledRows) return;
    compiledRows = transitions.size;
    check?.follow(transitions, states.count);
    code = compile(transitions, commands.length, width, (row) => ofCalls.isQuiet(row), symmetry?.code);
    expand = code === undefined ? undefined : (new Function(code)() as Expand);
    if (code !== undefined) pool?.use(code, transitions.commands());
  }

  function covered() {
    return { states: states.count, transitions: learner.calls, depth };
  }

  function progress(): Progress {
    const found = Math.max(states.count, pool?.numbers ?? 0);
    return { ...covered(), states: found, frontier: found - expanded, bytes: states.bytes, rows: transitions.size };
  }

  function tally(): Tally {
    const counts = new Tally(commands);
    for (const { command, outcome, times } of learner.taken()) counts.add(command, outcome, times);
    return counts;
  }

  function runs(): number {
    return learner.runs + ofStates.runs + ofCalls.runs + (check?.runs ?? 0);
  }

  function engine(): EngineCosts {
    return {
      rows: transitions.size,
      runs: runs(),
      bytes: states.bytes,
      bytesPerState: states.bytes / states.count,
      seconds: {
        search: (searched - start) / 1000,
        functions: (learner.milliseconds + ofStates.milliseconds + ofCalls.milliseconds) / 1000,
        paths: (performance.now() - searched) / 1000,
      },
      workers: pool ? workers : 1,
    };
  }

  function explored(): Explored {
    const after = new Uint32Array(width);
    return {
      states: states.count,
      plain: (state) => layout.decode(states.words, state * width),
      successor: (state, command) => {
        if (state >= expanded) return noSuccessor.unexplored;
        const row = transitions.find(command, states.words, state * width);
        const lead = transitions.leads(row);
        if (lead === leads.disabled) return noSuccessor.disabled;
        if (lead === leads.panic) return noSuccessor.panic;
        if (!transitions.apply(row, states.words, state * width, after)) return state;
        symmetry?.canonical(after, 0);
        return states.find(after, 0, states.hash(after, 0)) ?? noSuccessor.unexplored;
      },
      waits: (judgeable) => {
        const settles = ofStates.table(judgeable);
        return (state) => !settles(states.words, state * width);
      },
      traceTo,
      ...(symmetry && check && { quotient: quotientBy(symmetry, check) }),
    };
  }

  function quotientBy({ sort }: Symmetry, check: SymmetryCheck): Quotient {
    const moved = (property: Property, at: number, words: Uint32Array) =>
      sort(words).reduce((position, exchange) => check.image(property, position, exchange), at);
    return {
      alike: (judgeable) => check.alike(judgeable),
      successorInstance: (property, at, state, command) => {
        const after = new Uint32Array(width);
        const row = transitions.find(command, states.words, state * width);
        return transitions.apply(row, states.words, state * width, after) ? moved(property, at, after) : at;
      },
      real: (property, at, state) => {
        const trace = traceTo(state);
        const end = stateAfter(trace);
        const alike = check.alike({ property, instance: instancesOf(property)[at] });
        const there = alike.find((one) => moved(property, one, layout.encode(end)) === at)!;
        return { commands: trace, state: end, instance: instancesOf(property)[there] };
      },
    };
  }

  function instancesOf(property: Property) {
    return task.obligations.find((one) => one.property === property)!.instances;
  }

  /** Throws a SpecError if the symmetry is none. */
  function checkSymmetry() {
    check?.follow(transitions, states.count);
    if (bound?.kind !== 'interrupted') check?.settleDoubts(states.words, states.count);
  }

  /** An interrupt leaves no time for what the check has put off. What rests on the symmetry is then not said. */
  function isVerified(): boolean {
    return !check || check.hasNoDoubts || bound?.kind !== 'interrupted';
  }

  /** Returns the commands to the first dead end. */
  function judgeGraph(): Command[] | undefined {
    if (!isVerified()) return undefined;
    const bytes = bytesForPaths * states.count;
    const refusal = bound || bytes < worthAsking ? undefined : memoryGuard?.(bytes);
    if (refusal) {
      bound = refusal;
      return undefined;
    }
    try {
      if (check) judgeEndsBy(check);
      judgeExplored(task, graph, findings);
      const end = firstDeadEnd(task, graph);
      checkSymmetry();
      return end;
    } catch (error) {
      checkSymmetry();
      if (!isOutOfMemory(error)) throw error;
      bound ??= { kind: 'memory', limit: states.bytes, of: 'address space' };
      return undefined;
    }
  }

  /** Ends are judged plainly; to check them for symmetry they are judged under observation as well. */
  function judgeEndsBy(check: SymmetryCheck) {
    const judgeables = [...findings.open('end')];
    if (judgeables.length === 0) return;
    for (const end of endsOf(task, graph))
      for (const judgeable of judgeables)
        check.judgePlainly(judgeable, states.words.slice(end * width, (end + 1) * width));
  }

  /** The whole trace to a state like the one that was judged, which decides one of the judgeables. */
  function shownState(state: number, among: readonly Judgeable[]): Command[] | Evidence {
    const trace = traceTo(state);
    return symmetry ? (decided(among, trace, stateAfter(trace)) ?? unlike(among)) : trace;
  }

  /** The same of a call: the first that can be made after the commands to its state and decides. */
  function shownCall(from: number, among: readonly Judgeable[]): Evidence {
    const trace = traceTo(from);
    const before = stateAfter(trace);
    for (const command of commands) {
      const outcome = perform(task, before, command);
      if (outcome.result === 'disabled') continue;
      const found = decided(among, [...trace, command], { before, command, outcome });
      if (found) return found;
    }
    return unlike(among);
  }

  function decided(among: readonly Judgeable[], trace: Command[], subject: unknown): Evidence | undefined {
    for (const { property, instance } of among) {
      const judgement = judge(task, property, subject, instance);
      if (decides(property, judgement))
        return { commands: trace, instance, detail: typeof judgement === 'string' ? judgement : '' };
    }
    return undefined;
  }

  function unlike([judgeable]: readonly Judgeable[]): never {
    checkSymmetry();
    throw new Error(`${judgeable?.property.id} is decided by a representative and not by the state that it stands for`);
  }

  function stateAfter(trace: readonly Command[]): unknown {
    return trace.reduce<unknown>((state, command) => perform(task, state, command).state, system.initial);
  }

  /** Real calls from the initial state, each the first that leads to a state which the next representative stands for. */
  function realTraceTo(state: number): Command[] {
    const path: number[] = [];
    for (let at = state; at > 0; at = states.parents[at]!) path.push(at);
    const trace: Command[] = [];
    let before: unknown = system.initial;
    for (const next of path.reverse()) {
      const wanted = states.at(next);
      const leadsThere = (command: Command) => {
        const outcome = perform(task, before, command);
        if (outcome.result === 'disabled' || outcome.result === 'panic' || outcome.state === before) return false;
        if (!system.state.contains(outcome.state)) throw new LeftDomain(task, command, outcome.state);
        const after = layout.encode(outcome.state);
        symmetry!.canonical(after, 0);
        return after.every((word, i) => word === wanted[i]);
      };
      const command = commands.find(leadsThere);
      if (!command) {
        checkSymmetry();
        throw new Error('no call leads to the next representative');
      }
      trace.push(command);
      before = perform(task, before, command).state;
    }
    return trace;
  }

  /** The commands are not kept: the first that leads from a parent to its child is the one that found it. */
  function traceTo(state: number): Command[] {
    if (symmetry) return realTraceTo(state);
    const trace: Command[] = [];
    for (let at = state; at > 0; at = states.parents[at]!) {
      const [from, to] = [states.at(states.parents[at]!), states.at(at)];
      trace.push(commands.find((_, command) => leadsTo(command, from, to))!);
    }
    return trace.reverse();
  }

  function leadsTo(command: number, from: Uint32Array, to: Uint32Array): boolean {
    const row = transitions.find(command, from, 0);
    if (row === hole || transitions.leads(row) !== leads.on) return false;
    const after = new Uint32Array(width);
    return transitions.apply(row, from, 0, after) && after.every((word, i) => word === to[i]);
  }
};
