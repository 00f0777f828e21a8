import { type Block, bad, doubtful, good, type Item } from './document.ts';
import { plural } from './words.ts';

/** A counterexample that was kept, replayed. */
export type Kept =
  | {
      readonly file: string;
      readonly name: string;
      /** `known`: it still breaks its property, as the suite lists it. `broken`: it does, and the suite does not. */
      readonly outcome: 'fixed' | 'known' | 'broken';
    }
  /** It is damaged, or no longer applies. */
  | { readonly file: string; readonly outcome: 'unusable'; readonly reason: string };

/** What became of the counterexamples that are kept: all counted, and named if something is to be done about them. */
export const corpusBlocks = (directory: string, kept: readonly Kept[]): Block[] => {
  const of = (outcome: Kept['outcome']) => kept.filter((one) => one.outcome === outcome).length;
  const counts = [
    [of('known'), 'still broken, as listed'],
    [of('broken'), 'still broken, and not listed'],
    [of('fixed'), 'fixed'],
    [of('unusable'), 'unusable'],
  ] as const;
  const said = counts.flatMap(([n, what]) => (n === 0 ? [] : [`${n} ${what}`]));
  const items = kept.flatMap((one): Item[] => {
    if (one.outcome === 'known') return [];
    if (one.outcome === 'unusable') return [{ text: doubtful(`unusable: ${one.reason}`) }];
    const tone = one.outcome === 'fixed' ? good : bad;
    return [{ text: tone(`${one.outcome === 'fixed' ? 'fixed' : 'still broken'}: ${one.name} (${one.file})`) }];
  });
  return [
    { kind: 'list', intro: `${plural(kept.length, 'counterexample')} from ${directory}: ${said.join(', ')}`, items },
  ];
};
