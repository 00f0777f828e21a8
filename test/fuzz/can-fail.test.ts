import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ExhaustiveResult } from '../../src/engine/explicit/exhaustive.ts';
import { provedByExhaustion } from '../../src/engine/result.ts';
import { Observation } from '../../src/observe/observation.ts';
import { disabled } from '../../src/spec/index.ts';
import { engines } from './compare.ts';
import { type Failure, failureText, fuzz } from './run.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Some number of a text, the same every time. */
const digest = (text: string): number => [...text].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) >>> 0, 7);

type Exhaustive = typeof engines.exhaustive;

/** The search with something done to its result. */
const altered =
  (alter: (result: ExhaustiveResult) => Partial<ExhaustiveResult>): Exhaustive =>
  async (task, options) => {
    const result = await engines.exhaustive(task, options);
    return { ...result, ...alter(result) };
  };

/** A search that does not see one state in so many. */
const dropping =
  (oneIn: number): Exhaustive =>
  (task, options) => {
    const step: typeof task.system.step = (state, command) => {
      const outcome = task.system.step(state, command);
      const isSeen = digest(JSON.stringify(outcome.state)) % oneIn > 0;
      return isSeen ? outcome : disabled(state, 'not seen');
    };
    return engines.exhaustive({ ...task, system: { ...task.system, step } }, options);
  };

/** Models that are tried before a fault must have been noticed. */
const mostModels = 1500;

const found = async (exhaustive: Exhaustive, seed: number): Promise<Failure> => {
  const { failure } = await fuzz({
    seed,
    goesOn: ({ models }) => models < mostModels,
    by: { ...engines, exhaustive },
  });
  if (!failure) throw new Error(`not noticed in ${mostModels} models, --seed ${seed}`);
  return failure;
};

/** The lines of a model's functions and properties, without what every model has. */
const linesOf = ({ text }: Failure) => text.split('\n').filter((line) => line.trim() !== '').length;

describe('the fuzzer notices, in a small model,', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);

  it('a search that misses one state in a hundred', async () => {
    const failure = await found(dropping(100), seed);
    expect(failure.differences.join('\n')).toMatch(/^exhaustive, 1 workers: /);
    console.log(failureText(failure), linesOf(failure));
  });

  it('a reading that is not recorded', async () => {
    const { read } = Observation.prototype;
    vi.spyOn(Observation.prototype, 'read').mockImplementation(function (this: Observation, slot) {
      const known = this.reads.length;
      const value = read.call(this, slot);
      if (this.reads.length > known && slot.index % 4 === 3) this.reads.pop();
      return value;
    });
    const failure = await found(engines.exhaustive, seed);
    console.log(failureText(failure), linesOf(failure));
  });

  it('a search that takes endless waiting for progress', async () => {
    const failure = await found(
      altered(({ judged }) => ({
        judged: judged.map((one) =>
          one.property.on === 'path' ? { ...one, verdict: { kind: 'proved', proof: provedByExhaustion } } : one,
        ),
      })),
      seed,
    );
    console.log(failureText(failure), linesOf(failure));
  });
});
