import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pagelaw } from '../cli/fake-console.ts';

const directory = mkdtempSync(join(tmpdir(), 'pagelaw-width-'));
writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
const spec = JSON.stringify(join(import.meta.dirname, '../../src/spec/index.ts'));

/** A name that is longer than a line, made of words. */
const long = (word: string, sign: string) => Array.from({ length: 18 }, () => word).join(sign);
const field = long('field', '');
const file = join(directory, 'long.mjs');
writeFileSync(
  file,
  `import * as spec from ${spec};
  const [field, call, argument, flip] = [${JSON.stringify([field, long('call', '_'), long('arg', '_'), long('flip', '')]).slice(1, -1)}];
  const variants = { ['${long('bad', '-')}']: { doc: '', switches: {} }, good: { doc: '', switches: { [flip]: true } } };
  const state = spec.record({ [field]: spec.record({ [field]: spec.enumOf('${long('is', '-')}', '${long('was', '-')}', 'third') }), n: spec.range(0, 15) });
  const value = (s) => s[field][field];
  const model = spec.defineModel({ id: 'long', title: '${long('title', '_')}', sources: ['${long('source', ',')}'],
    config: { ['${long('size', '')}']: { default: 1, min: 1, max: 2, large: 2, doc: '${long('doc', '_')}' } },
    switches: { [flip]: '${long('doc', '.')}' }, variants, defaultVariant: 'good',
    classify: (s) => 'page ' + value(s), pages: () => [0],
    legend: () => '${long('legend', ':')}', kernel: { [call]: '${long('kernel', '_')}()' },
    draw: (s) => [{ title: '${long('title', '_')}', columns: ['${long('column', '_')}'], lines: [{ name: '${long('line', '_')}', cells: [value(s)] }] }],
    system: (_, switches) => ({ state, command: spec.variant({ [call]: { [argument]: spec.enumOf('${long('x', '|')}', 'y') }, other: {} }),
      initial: { [field]: { [field]: '${long('is', '-')}' }, n: 0 },
      step: (s, c) => {
        if (c.kind === 'other') return value(s) === 'third' && s.n === 3 ? spec.panic(s, '${long('bug', '_')}') : spec.ok(spec.update(s, (d) => { d.n = (d.n + 1) % 4; }));
        if (c[argument] === 'y') return spec.refuse(s, 'EPERM', '${long('reason', '_')}');
        const next = value(s) === '${long('is', '-')}' ? '${long('was', '-')}' : 'third';
        if (next === 'third' && switches[flip]) return spec.refuse(s, 'EBUSY', '${long('other', ',')}');
        return spec.ok(spec.update(s, (d) => { d[field][field] = next; }));
      } }) });
  const property = spec.invariant(model, { id: '${long('prop', '-')}', statement: '${long('statement', '_')}', source: '${long('source', '_')}',
    holds: (s) => value(s) !== 'third' || '${long('detail', '=')}' });
  const panics = spec.stepProperty(model, { id: 'no-panic', statement: '', source: '', holds: ({ outcome }) => outcome.result !== 'panic' });
  export default spec.suite({ model, properties: [property, panics], violates: { ['${long('bad', '-')}']: [property.id, panics.id], good: [] } });`,
);
const bad = `${file}@${long('bad', '-')}`;

describe('names that are longer than a line', () => {
  it.each([
    [long('call', '_'), ['check', bad, '--coverage']],
    [long('flip', ''), ['check', file, '--matrix', '--switch', `${long('flip', '')}=true,false`]],
    [field, ['audit', bad, '--refusals']],
    [long('call', '_'), ['audit', bad, '--command', long('call', '_')]],
    [long('flip', ''), ['review', file, '--mutate']],
    [field, ['diff', bad, `${file}@good`]],
    [long('doc', '.'), ['list', file]],
    [`${field}.${field}`, ['run', bad, join(directory, 'long.script')]],
  ])('are broken, and no text is wider than 80 columns: %s in %s', async (name, args) => {
    writeFileSync(
      join(directory, 'long.script'),
      `${long('call', '_')}(${long('arg', '_')}=y)\nexpect ${field}.${field}=third\n`,
    );
    const { out, err } = await pagelaw(args);
    expect(err).toBe('');
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(out.replaceAll(/\s+/g, '')).toContain(name); // broken, not cut off
  });

  it('are broken when a counterexample is replayed', async () => {
    const kept = join(directory, 'kept');
    await pagelaw(['check', bad, '--search', 'exhaustive', '--save', kept]);
    const [saved] = readdirSync(kept).filter((name) => name.includes('no-panic'));
    const { out, err } = await pagelaw(['replay', join(kept, saved!)]);
    expect(err).toBe('');
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(out.replaceAll(/\s+/g, '')).toContain(`${field}.${field}`);
    const mail = await pagelaw(['replay', join(kept, saved!), '--format', 'mail']);
    // What is to be pasted into a shell is not broken.
    const [prose = ''] = mail.out.split('To reproduce:');
    expect(prose.split('\n').filter((line) => line.length > 72)).toEqual([]);
  });
});
