import { describe, expect, it } from 'vitest';
import { pkvmMmio } from '../../model/pkvm-mmio/model.ts';
import { pkvmMmioSuite } from '../../properties/pkvm-mmio.ts';
import { linkIn, linkText, linkTo, scopeFor } from '../../src/explore/link.ts';
import { linkOf, sessionFor, stateAfter, wayOf } from '../../src/explore/session.ts';
import { scopeOf } from '../../src/system/scope.ts';

describe('a link', () => {
  it('says model, variant, what differs from it, and the calls', () => {
    const scope = scopeOf(pkvmMmio, { variant: 'v4', switches: { donateChecksMmio: true } });
    const link = linkTo(pkvmMmio, scope, [{ kind: 'host_access', pfn: 3 } as never]);
    const text = linkText(link);
    expect(text).toBe('#/pkvm-mmio@v4/donateChecksMmio=true/host_access(pfn=3)');
    expect(linkIn(text)).toEqual(link);
    expect(scopeFor(pkvmMmio, link)).toEqual(scope);
  });

  it('is read as a mail program may have escaped it, and where parts of it are missing', () => {
    expect(linkIn('#/spp%40repaired//create_vm%28vm%3Dplain%29%3B%20enable_cap()')).toEqual({
      model: 'spp',
      variant: 'repaired',
      settings: [],
      calls: ['create_vm(vm=plain)', 'enable_cap()'],
    });
    expect(linkIn('#/spp')).toEqual({ model: 'spp', variant: undefined, settings: [], calls: [] });
    expect(linkIn('#/spp@%//%')).toMatchObject({ variant: '%', calls: ['%'] });
    expect(linkIn('')).toBeUndefined();
  });

  it('keeps the spaces of a value', () => {
    const link = { model: 'spp', variant: 'repaired', settings: [], calls: ['set_access(gfn=3, map=01 00)'] };
    expect(linkText(link)).toBe('#/spp@repaired//set_access(gfn=3,map=01%2000)');
    expect(linkIn(linkText(link))?.calls).toEqual(['set_access(gfn=3,map=01 00)']);
  });

  it('says the start state, where that is not the initial one of the model', () => {
    const scope = scopeOf(pkvmMmio, { variant: 'v4' });
    const link = linkTo(pkvmMmio, scope, [{ kind: 'host_access', pfn: 3 } as never], 'pool=1 el2[0]=device');
    expect(linkText(link)).toBe('#/pkvm-mmio@v4//init%20pool=1%20el2[0]=device;host_access(pfn=3)');
    expect(linkIn(linkText(link))).toEqual(link);
    const session = sessionFor([pkvmMmioSuite], link);
    expect(stateAfter(session, [])).toMatchObject({ pool: 1, el2: expect.arrayContaining(['device']) });
    expect(linkOf(session, wayOf(session, link.calls).steps)).toEqual(link);
    expect(() => sessionFor([pkvmMmioSuite], { ...link, init: 'pool=77' })).toThrow('the start state:1: pool');
  });

  it('says which variant is compared with', () => {
    const link = { model: 'spp', variant: 'repaired', other: 'v5.3', settings: [], calls: ['enable_cap()'] };
    expect(linkText(link)).toBe('#/spp@repaired..v5.3//enable_cap()');
    expect(linkIn(linkText(link))).toEqual(link);
  });

  it('is refused where it says what the model does not have', () => {
    const link = { model: 'pkvm-mmio', variant: undefined, calls: [] };
    expect(() => scopeFor(pkvmMmio, { ...link, settings: ['nothing=1'] })).toThrow(
      'pkvm-mmio has no parameter and no switch nothing',
    );
    expect(() => scopeFor(pkvmMmio, { ...link, variant: 'v9', settings: [] })).toThrow('there is no variant v9');
    expect(() => scopeFor(pkvmMmio, { ...link, settings: ['donateChecksMmio=2'] })).toThrow('is not one of');
  });
});
