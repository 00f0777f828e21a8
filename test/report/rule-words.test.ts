import { describe, expect, it } from 'vitest';
import { changesWords } from '../../src/report/rule-words.ts';

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
});
