import { expect, it } from 'vitest';
import { cpuSeconds, failureText, fuzz } from './run.ts';

/** Of this process and its threads. `npm run fuzz` goes on for longer. */
const seconds = 6;

it('every search says of random models what the plain search says', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const start = cpuSeconds();
  const { failure, seen, models, states } = await fuzz({ seed, goesOn: () => cpuSeconds() - start < seconds });
  expect(failure && failureText(failure)).toBeUndefined();
  // All that is drawn is a model, and models in which nothing happens would agree on anything.
  expect(seen['no model']).toBeUndefined();
  expect(models).toBeGreaterThan(20);
  expect(states / models).toBeGreaterThan(4);
  for (const what of [
    'usual',
    'proved',
    'violated',
    'traces',
    'loops',
    'panic',
    'WARN',
    'E',
    'disabled',
    'over 30 states',
  ])
    expect([what, seen[what] ?? 0, seed]).toEqual([what, expect.toSatisfy((times: number) => times > 0), seed]);
});
