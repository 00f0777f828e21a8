import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { pkvmMmioSuite } from '../../properties/pkvm-mmio.ts';
import { check } from '../../src/job/check.ts';
import { counterexampleText } from '../../src/trace/counterexample.ts';
import { counterexamplePath, loadCounterexample, saveCounterexample } from '../../src/trace/saved.ts';
import type { Counterexample } from '../../src/trace/trace.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pagelaw-'));
});

const found = async (): Promise<Counterexample> => {
  const { properties } = await check(
    pkvmMmioSuite,
    { variant: 'v4' },
    { kind: 'exhaustive', maxStates: 50 },
    { properties: ['single-owner'] },
  );
  return properties[0]!.counterexample!;
};

describe('a counterexample file', () => {
  it('is read as it was written', async () => {
    const path = join(directory, 'deep', 'er', 'one.json');
    await saveCounterexample(path, await found());
    expect(await loadCounterexample(path)).toEqual(await found());
    expect(readdirSync(join(directory, 'deep', 'er'))).toEqual(['one.json']);
  });

  it('is named after what it is of, whatever found it', async () => {
    const one = await found();
    const path = counterexamplePath('dir', one);
    expect(path).toMatch(/^dir\/pkvm-mmio@v4\.single-owner\.[0-9a-f]{8}\.json$/);
    const { origin, claim, statements } = one;
    const random = { kind: 'random', seed: 1, path: '0', runs: 1, length: 1 } as const;
    const config = Object.fromEntries(Object.entries(origin.config).reverse());
    const reordered = { ...one, origin: { ...origin, config }, claim: { ...claim, search: random } };
    expect(counterexamplePath('dir', reordered)).toBe(path);
    const mended = { ...one, origin: { ...origin, switches: { ...origin.switches, donateChecksMmio: true } } };
    expect(counterexamplePath('dir', mended)).not.toBe(path);
    expect(counterexamplePath('dir', { ...one, statements: [...statements, ...statements] })).not.toBe(path);
  });

  it('finds the model file it came from, from wherever it is read', async () => {
    const path = join(directory, 'saved', 'one.json');
    await saveCounterexample(path, await found(), join(directory, 'my-model.ts'));
    expect(JSON.parse(readFileSync(path, 'utf8')).module).toBe('../my-model.ts');
    expect((await loadCounterexample(path)).origin.module).toBe(join(directory, 'my-model.ts'));
  });

  it.each([
    ['', 'not JSON'],
    ['{"format": "pagelaw cou', 'not JSON'],
    ['null', 'the top level: Invalid type: Expected Object but received null'],
    ['{"version": 2}', 'it has version 2, from a newer pagelaw; this one reads version 1'],
    ['{"version": 1}', 'format: Invalid key: Expected "format" but received undefined'],
  ])('that holds %j is refused', async (text, message) => {
    const path = join(directory, 'damaged.json');
    writeFileSync(path, text);
    await expect(loadCounterexample(path)).rejects.toThrow(
      `${path} is not a counterexample that can be replayed: ${message}`,
    );
  });

  it.each([
    ['steps', 7, 'steps: Invalid type: Expected Array but received 7'],
    [
      'switches',
      { donateChecksMmio: 1 },
      'switches.donateChecksMmio: Invalid type: Expected (boolean | string) but received 1',
    ],
    [
      'steps',
      [{ command: {}, result: 'ok' }],
      'steps.0.command.kind: Invalid key: Expected "kind" but received undefined',
    ],
    [
      'steps',
      [{ command: { kind: 'tick' }, result: 'fine, thanks' }],
      'steps.0.result: fine, thanks is not a result; it is 0, or what the call returns (2), -EPERM or another errno, panic or disabled',
    ],
    ['search', { kind: 'magic' }, 'search.kind: Invalid type: Expected ("exhaustive" | "random") but received "magic"'],
    ['more', 1, 'more: Invalid key: Expected never but received "more"'],
  ])('with %s = %j is refused', async (field, value, message) => {
    const path = join(directory, 'damaged.json');
    writeFileSync(
      path,
      JSON.stringify({ ...JSON.parse(counterexampleText(await found(), directory)), [field]: value }),
    );
    await expect(loadCounterexample(path)).rejects.toThrow(message);
  });

  it('that cannot be written leaves nothing behind and says why', async () => {
    writeFileSync(join(directory, 'file'), '');
    await expect(saveCounterexample(join(directory, 'file', 'one.json'), await found())).rejects.toThrow(
      /^cannot write .*one\.json: (EEXIST|ENOTDIR)/,
    );
    const taken = join(directory, 'taken.json');
    await saveCounterexample(join(taken, 'inner.json'), await found());
    await expect(saveCounterexample(taken, await found())).rejects.toThrow(
      /^cannot write .*taken\.json: E(ISDIR|NOTEMPTY|EXIST)/,
    );
    expect(readdirSync(directory).sort()).toEqual(['file', 'taken.json']);
    expect(existsSync(join(taken, 'inner.json'))).toBe(true);
  });

  it('that is replaced is whole at every moment', async () => {
    const path = join(directory, 'one.json');
    await saveCounterexample(path, await found());
    chmodSync(path, 0o444);
    const one = await found();
    await saveCounterexample(path, { ...one, claim: { ...one.claim, property: 'no-panic' } });
    expect((await loadCounterexample(path)).claim.property).toBe('no-panic');
  });
});
