import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { typed } from './cli/fake-console.ts';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const blocks = [...readme.matchAll(/<!-- pagelaw (.*) -->\n```\n([\s\S]*?)```/g)].map(
  ([, command = '', output = '']) => ({
    command,
    output,
  }),
);

it('shows output in the README', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(3);
});

it.each(blocks)('the README shows what is really printed by: $command', async ({ command, output }) => {
  expect((await typed(command)).out).toBe(output);
});

it('fits that output into 80 columns', () => {
  for (const { output } of blocks) for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});
