import { expect, it } from 'vitest';
import { itemNamed } from '../src/item-named.ts';

const said = (name: string, names: readonly (string | number)[]): string => {
  try {
    itemNamed('call', name, names);
  } catch (error) {
    return (error as Error).message;
  }
  return 'found';
};

it('finds what is there, and else names the nearest, or all there are', () => {
  expect(itemNamed('call', '7', [1, 7])).toBe(7);
  expect(said('unshrae', ['share', 'unshare'])).toBe('there is no call called unshrae; did you mean unshare?');
  expect(said('x', [])).toBe('there is no call called x; there are none');
  expect(said('x', ['donate'])).toBe('there is no call called x; there is donate');
  expect(said('reclaim', ['donate', 'share'])).toBe('there is no call called reclaim; there are donate, share');
});

it('does not list hundreds, nor repeat a name that is none', () => {
  const many = Array.from({ length: 600 }, (_, i) => `number_${i}`);
  expect(said('x', many)).toMatch(
    /^there is no call called x; there are number_0, .*number_19, \.\.\. \(600 in all\)$/,
  );
  const start = performance.now();
  expect(said('number_'.repeat(100_000), many)).toHaveLength(80 + said('x', many).length + '...'.length - 1);
  expect(performance.now() - start).toBeLessThan(1000);
});
