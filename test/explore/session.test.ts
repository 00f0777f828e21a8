import { describe, expect, it } from 'vitest';
import { pkvmMmioSuite } from '../../properties/pkvm-mmio.ts';
import { choicesIn, lightsAt, sessionOf, stateAfter, wayOf } from '../../src/explore/session.ts';
import { treeOf } from '../../src/explore/tree.ts';
import { scopeOf } from '../../src/system/scope.ts';

const session = sessionOf(pkvmMmioSuite, scopeOf(pkvmMmioSuite.model, { variant: 'before' }));
const donated = wayOf(session, ['host_donate_hyp_mmio(pfn=0)']).steps;

describe('a session', () => {
  it('makes the calls of a link as far as they apply, and says where they do not', () => {
    const way = wayOf(session, ['host_donate_hyp_mmio(pfn=0)', 'host_donate_hyp_mmio(pfn=77)', 'host_access(pfn=0)']);
    expect(way.steps).toEqual(donated);
    expect(way.stopped).toMatchObject({ call: 'host_donate_hyp_mmio(pfn=77)', problem: expect.stringContaining('77') });
  });

  it('knows the outcome of every call beforehand', () => {
    const choices = choicesIn(session, donated);
    expect(choices).toHaveLength(session.task.commands.length);
    const again = choices.find(({ text }) => text === 'host_donate_hyp_mmio(pfn=0)');
    expect(again).toMatchObject({ kind: 'refused', result: '-EPERM (annotated with another owner)' });
    for (const choice of choices.filter(({ kind }) => kind !== 'disabled'))
      expect(wayOf(session, ['host_donate_hyp_mmio(pfn=0)', choice.text]).steps.at(-1)?.outcome).toEqual(
        choice.outcome,
      );
  });

  it('offers no call after a panic', () => {
    const fatal = choicesIn(session, donated).find(({ kind }) => kind === 'panic')!;
    const { steps } = wayOf(session, ['host_donate_hyp_mmio(pfn=0)', fatal.text]);
    expect(steps).toHaveLength(2);
    expect(choicesIn(session, steps)).toEqual([]);
    expect(wayOf(session, ['host_donate_hyp_mmio(pfn=0)', fatal.text, fatal.text]).stopped?.problem).toBe(
      'nothing can follow a panic',
    );
  });

  it('has a light for each property, which says where the way breaks it first', () => {
    const accesses = ['host_donate_hyp_mmio(pfn=2)', 'host_access(pfn=4)', 'host_access(pfn=6)'];
    const { steps } = wayOf(session, ['host_donate_hyp_mmio(pfn=0)', ...accesses]);
    const lights = lightsAt(session, steps, false);
    expect(lights.map(({ id }) => id)).toEqual(session.task.obligations.map(({ property }) => property.id));
    expect(lights.find(({ id }) => id === 'annotation-durable')).toMatchObject({
      isHere: true,
      first: 4,
      instance: { pfn: 0 },
      detail: 'its entry was annotated and is now zero',
    });
    expect(lightsAt(session, donated, false).filter(({ witness, first }) => !witness && first !== undefined)).toEqual(
      [],
    );
  });

  it('shows the state as a tree in which what a call changed is marked', () => {
    const tree = treeOf(stateAfter(session, donated), session.task.system.initial);
    const changed = tree.filter(({ isChanged }) => isChanged).map(({ name }) => name);
    expect(changed).toEqual(['pool', 'tables', 'el2']);
    const el2 = tree.find(({ name }) => name === 'el2')!;
    expect(el2.parts[0]).toEqual({ name: '[0]', value: 'device', was: 'none', isChanged: true, parts: [] });
    expect(el2.parts[1]).toMatchObject({ isChanged: false, was: undefined });
  });
});
