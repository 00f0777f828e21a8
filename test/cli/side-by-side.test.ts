import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';

/** Everything that a terminal is shown, in order: results, and between them the progress lines. */
const shown = async (line: string) => {
  const events: { readonly kind: 'out' | 'progress'; readonly text: string }[] = [];
  const status = await run(line.split(' '), '1.2.3', {
    out: (text) => events.push({ kind: 'out', text }),
    err: (text) => events.push({ kind: 'out', text: `error: ${text}` }),
    colour: false,
    progress: (text) => events.push({ kind: 'progress', text }),
    input: Readable.from([]),
    interrupted: new AbortController().signal,
    resident: () => 0,
  });
  const out = events.flatMap(({ kind, text }) => (kind === 'out' ? text : [])).join('');
  return { status, events, out };
};

it('results are printed as soon as they are there, while other models are searched', async () => {
  const { status, events } = await shown('check mte-faults pkvm-mmio@fixed --search exhaustive --workers 1');
  expect(status).toBe(0);
  const first = events.findIndex(({ kind, text }) => kind === 'out' && text.startsWith('mte-faults: '));
  const later = events.filter(({ text }) => /^\d+\/\d+ pkvm-mmio@fixed exhaustive: /.test(text));
  expect(first).toBeGreaterThanOrEqual(0);
  expect(events.indexOf(later.at(-1)!)).toBeGreaterThan(first);
});

it('the same is printed by any number of workers', async () => {
  const line = 'check mte-tags --search exhaustive';
  const [one, three] = [await shown(`${line} --workers 1`), await shown(`${line} --workers 3`)];
  expect(three.out).toBe(one.out);
  expect([one.status, three.status]).toEqual([0, 0]);
  expect(one.out).toMatch(/^All as expected: /m);
});
