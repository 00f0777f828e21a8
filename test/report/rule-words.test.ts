import { describe, expect, it } from 'vitest';
import { callsWords, changesWords } from '../../src/report/rule-words.ts';

describe('the words of a rule', () => {
  it('has the fields of what gets another kind behind that kind, to any depth, and no others', () => {
    expect(
      changesWords([
        { path: 'pool', by: -1 },
        { path: 'root[0].kind', from: 'zero', to: 'table' },
        { path: 'root[0].entries[0].kind', to: 'leaf' },
        { path: 'root[0].entries[0].w', copyOf: 'cpu.w' },
        { path: 'root[0].entries[0].af', to: true },
        { path: 'root[0].entries[1].kind', to: 'zero' },
        { path: 'root[0].surplus', to: 0 },
        { path: 'root[1].kind', to: 'zero' },
        { path: 'kind', to: 'x' },
        { path: 'tlb.level', to: { term: 'level' } },
      ]),
    ).toEqual([
      'pool -= 1',
      'root[0].kind: zero -> table(entries[0]=leaf(w=copy of cpu.w, af=true), entries[1]=zero, surplus=0)',
      'root[1].kind := zero',
      'kind := x',
      'tlb.level := level',
    ]);
  });

  it('names calls by combinations of arguments, where not all that there are have the table', () => {
    const calls = [3, 4, 5].flatMap((level) =>
      [0, 2].flatMap((root) => (level === 5 && root === 2 ? [] : { kind: 'load', level, root, tdp: level > 3 })),
    );
    const words = callsWords({ command: 'load', calls, parameters: ['level', 'root', 'tdp'], rules: [] });
    expect(words).toBe('load(level, root, tdp), (level, root, tdp) = (3, 0|2, false), (4|5, 0, true), (4, 2, true)');
  });
});
