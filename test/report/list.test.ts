import { expect, it } from 'vitest';
import { suites } from '../../properties/index.ts';
import { typed } from '../cli/fake-console.ts';

it.each(suites.map(({ model }) => model.id))('list %s stays within 80 columns', async (id) => {
  const { status, out } = await typed(`list ${id}`);
  expect(status).toBe(0);
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

it('puts the values of a switch below its name where they are many', async () => {
  const { out } = await typed('list mte-tags');
  expect(out).toContain('\nprotocol=\n    page-lock | set-first | split | ');
  expect(out).toContain('\nmemory=weak|sc\n');
});
