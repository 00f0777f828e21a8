#!/usr/bin/env node
// A subject in JavaScript: a table of two levels, `toy-model.ts` is its model. `node toy.mjs BUG,BUG` has seeded bugs, `node toy.mjs HABIT`
// a way to break the protocol; without an argument it is right.
//
//   leak        unmap() does not give back a table that has become empty
//   count       share() of a page that is shared already counts it twice
//   errno       map() of a page that is mapped says EBUSY
//   warn        map() without a page for a table WARNs
//   panic       unshare() of a page that is not shared is a BUG
//   wide        the count of free pages is 9 where two pages are shared, which no state of the model has
//   hidden      every third call of share() since the reset fails with EAGAIN, which no state shows
//   early       map() of a page looks for a table long before it makes one: two CPUs make two
//   sequence    map() counts a share where unmap() on another CPU began after it and has not ended
//   random      share() fails with EAGAIN now and then
//   refusals    share() fails with EAGAIN after three calls that were refused since the reset, which no state shows
//   alias       snapshots are references: what is changed later is changed in them
//   until=N     it dies at answer N
import { writeSync } from 'node:fs';

const forEver = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);

const [what = ''] = process.argv.slice(2);
const is = (name) => what.split(',').includes(name);
const initial = () => ({
  root: ['none', 'none'],
  pages: Array.from({ length: 4 }, () => 'unmapped'),
  free: 2,
  shared: 0,
  sequence: 0,
  busy: false,
});
let state = initial();
let shares = 0;
let refusals = 0;

const tableOf = (page) => page >> 1;
const pagesOf = (table) => [2 * table, 2 * table + 1];

const calls = {
  /** Each yield is a point: another CPU may go on there. */
  *map({ page }) {
    const table = tableOf(page);
    const { sequence } = state;
    yield;
    if (is('sequence') && sequence !== state.sequence && state.busy) state.shared++;
    if (state.pages[page] !== 'unmapped') return is('errno') ? 'EBUSY' : 'EEXIST';
    if (state.root[table] === 'none') {
      if (is('early')) yield;
      if (state.free === 0) return is('warn') ? { result: 'ENOMEM', warnings: ['toy.c:31: no page'] } : 'ENOMEM';
      state.free--;
      state.root[table] = 'table';
    }
    state.pages[page] = 'mapped';
    return 'ok';
  },
  *unmap({ page }) {
    const table = tableOf(page);
    yield;
    if (is('sequence')) {
      state.sequence++;
      state.busy = true;
      yield;
      state.busy = false;
    }
    if (state.pages[page] === 'unmapped') return 'ENOENT';
    if (state.pages[page] === 'shared') return 'EBUSY';
    state.pages[page] = 'unmapped';
    if (pagesOf(table).every((one) => state.pages[one] === 'unmapped')) {
      state.root[table] = 'none';
      if (!is('leak')) state.free++;
    }
    return 'ok';
  },
  share({ page }) {
    if (is('hidden') && ++shares % 3 === 0) return 'EAGAIN';
    if (is('random') && Math.random() < 0.1) return 'EAGAIN';
    if (is('refusals') && refusals >= 3) return 'EAGAIN';
    if (state.pages[page] === 'unmapped') return 'ENOENT';
    if (state.pages[page] === 'shared' && !is('count')) return 'EPERM';
    state.pages[page] = 'shared';
    state.shared++;
    return 'ok';
  },
  unshare({ page }) {
    if (state.pages[page] !== 'shared')
      return is('panic') ? { result: 'panic', reason: 'toy.c:58: BUG_ON(!shared)' } : 'EPERM';
    state.pages[page] = 'mapped';
    state.shared--;
    return 'ok';
  },
  /** Only where something is shared. */
  count() {
    return state.shared === 0
      ? { result: 'disabled', reason: 'nothing is shared' }
      : { result: 'ok', value: state.shared };
  },
};

const slots = new Map();
const copied = (slot) => (is('alias') ? slot : structuredClone(slot));
const observed = ({ free, sequence: _, busy: _busy, ...rest }) => {
  if (is('blind')) return rest;
  return { ...rest, free: is('wide') && rest.shared === 2 ? 9 : free };
};

/** Makes a call as far as to its next point, and on. */
const cpuOf = (call, args) => {
  const made = calls[call](args);
  return typeof made?.next === 'function' ? made : { next: () => ({ done: true, value: made }) };
};

const alone = (cpu) => {
  for (;;) {
    const { done, value } = cpu.next();
    if (done) return value;
  }
};

/** Two calls at a time; the other CPU goes on at the points in `preempt`. */
const together = (cpus, preempt) => {
  const results = [undefined, undefined];
  for (let [at, points] = [0, 0]; ; ) {
    const { done, value } = cpus[at].next();
    if (done) results[at] = value;
    const [one, other] = results;
    if (one !== undefined && other !== undefined) return { ...whole(one), rival: whole(other), points };
    if (done || (one === undefined && other === undefined && preempt.includes(++points))) at = 1 - at;
  }
};

const whole = (outcome) => (typeof outcome === 'string' ? { result: outcome } : outcome);

const answer = (request) => {
  const { _id: id, _hello: version, _reset: reset, _from: from, _to: to, _call: call, ...rest } = request;
  const { _preempt: preempt, _rival: rival, ...args } = rest;
  if (version !== undefined)
    return {
      id,
      protocol: is('version') ? 7 : 1,
      model: is('model') ? 'other' : 'toy',
      name: `toy${what === '' ? '' : ` with ${what}`}`,
      variant: 'right',
      calls: Object.keys(calls).filter((name) => !is('lacks') || name !== 'unshare'),
      snapshots: !is('plain'),
      rivals: ['map', 'unmap'],
      ...(is('blind') && { unobserved: ['free'] }),
    };
  if (reset) [state, shares, refusals] = [initial(), 0, 0];
  if (from !== undefined) [state, shares, refusals] = copied(slots.get(from));
  const cpu = reset ? undefined : cpuOf(call, args);
  const outcome = !cpu ? 'ok' : rival ? together([cpu, cpuOf(rival._call, rival)], preempt) : alone(cpu);
  if (typeof outcome === 'string' && outcome !== 'ok') refusals++;
  if (to !== undefined) slots.set(to, copied([state, shares, refusals]));
  return { id, ...whole(outcome), state: observed(state) };
};

const last = Number(/until=(\d+)/.exec(what)?.[1] ?? Number.POSITIVE_INFINITY);
let made = 0;
/** What is written for an answer: an answer, unless the habit is a bad one. */
const written = (given) => {
  if (++made === last) throw new Error('out of pages');
  if (made < 40) return `${JSON.stringify(given)}\n`;
  switch (what.split(',').at(-1)) {
    case 'hang':
      console.error('waiting for a lock');
      return forEver();
    case 'trickle':
      for (;;) {
        writeSync(1, ' ');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      }
    case 'die':
      console.error('toy: out of pages');
      return process.exit(3);
    case 'crash':
      process.kill(process.pid, 'SIGSEGV');
      return forEver();
    case 'rubbish':
      return 'Segmentation fault\n';
    case 'misspelt':
      return `${JSON.stringify({ ...given, warning: ['x'] })}\n`;
    case 'other':
      return `${JSON.stringify({ ...given, id: given.id + 1 })}\n`;
    case 'result':
      return `${JSON.stringify({ ...given, result: 'EWHAT' })}\n`;
    case 'gives-up':
      return `${JSON.stringify({ id: given.id, error: 'the arena is full' })}\n`;
    default:
      return `${JSON.stringify(given)}\n`;
  }
};

let rest = '';
for await (const piece of process.stdin.setEncoding('utf8')) {
  const lines = (rest + piece).split('\n');
  rest = lines.pop();
  let out = '';
  for (const line of lines) {
    const given = answer(JSON.parse(line));
    try {
      out += written(given);
    } catch (error) {
      writeSync(1, out);
      throw error;
    }
  }
  const bytes = Buffer.from(out);
  for (let at = 0; at < bytes.length; )
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
}
