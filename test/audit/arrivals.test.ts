import { expect, it } from 'vitest';
import { Arrivals } from '../../src/audit/arrivals.ts';

it('takes states beyond the room that it began with', () => {
  const arrivals = new Arrivals(2);
  arrivals.add(0, 0, -1);
  for (const state of [5, 6, 40]) {
    expect(arrivals.has(state)).toBe(false);
    arrivals.add(state, arrivals.at(arrivals.count - 1), state + 100);
  }
  expect(arrivals.states).toEqual([0, 5, 6, 40]);
  expect(arrivals.placeOf(40)).toBe(3);
  expect(arrivals.commandsTo(40)).toEqual([105, 106, 140]);
  arrivals.clear();
  expect([arrivals.count, arrivals.has(0), arrivals.has(40)]).toEqual([0, false, false]);
});
