import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { typed } from './cli/fake-console.ts';

const root = join(import.meta.dirname, '..');
const files = [
  'README.md',
  'src/README.md',
  'src/cli/README.md',
  'src/engine/README.md',
  'model/README.md',
  'properties/README.md',
  ...readdirSync(join(root, 'model'), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? `model/${entry.name}/README.md` : [],
  ),
];
const blocks = files.flatMap((file) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/<!-- pagelaw (.*) -->\n```(mermaid)?\n([\s\S]*?)```/g)].map(
    ([, command = '', picture, output = '']) => ({ file, command, output, isText: picture === undefined }),
  ),
);

it('shows output in the README', () => {
  expect(blocks.filter(({ file }) => file === 'README.md').length).toBeGreaterThanOrEqual(2);
});

/** What a command prints; one that several READMEs show is run once. */
const printed = new Map<string, Promise<string>>();
const outputOf = (command: string): Promise<string> => {
  const known = printed.get(command) ?? typed(command).then(({ out }) => out);
  printed.set(command, known);
  return known;
};

/** A line of dots stands for what is left out. */
const leftOut = '[...]\n';

it.each(blocks)('$file shows what is really printed by: $command', async ({ command, output }) => {
  const out = await outputOf(command);
  if (!output.includes(leftOut)) expect(out).toBe(output);
  let at = 0;
  for (const part of output.split(leftOut)) {
    expect(out.slice(at)).toContain(part);
    at = out.indexOf(part, at) + part.length;
  }
});

it('fits that output into 80 columns', () => {
  for (const { output } of blocks.filter(({ isText }) => isText))
    for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});
