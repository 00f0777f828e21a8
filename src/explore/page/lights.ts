import { h } from 'preact';
import { instanceWords } from '../../report/trace.ts';
import type { Light } from '../session.ts';

interface LightsProps {
  readonly lights: readonly Light[];
  /** How many calls led here. */
  readonly calls: number;
}

/** What each property says of the state, the last call and the way. What is broken comes first. */
export const Lights = ({ lights, calls }: LightsProps) => {
  const broken = lights.filter(({ witness, first, isHere }) => !witness && (isHere || first !== undefined));
  const claims = lights.filter(({ witness }) => !witness);
  const witnesses = lights.filter(({ witness }) => witness);
  const found = witnesses.filter(({ isHere, first }) => isHere || first !== undefined);
  const list = (some: readonly Light[]) =>
    h('ul', null, ...some.map((light) => h('li', { key: light.id }, h(LightView, { light, calls }))));
  return h(
    'section',
    { class: 'card lights', 'aria-label': 'Properties' },
    h(
      'div',
      { class: 'head' },
      h('h2', null, 'Properties'),
      h(
        'span',
        { class: broken.length > 0 ? 'bad' : 'good', role: 'status' },
        broken.length > 0 ? `${broken.length} broken` : `${claims.length} hold so far`,
      ),
    ),
    list([...broken, ...claims.filter((one) => !broken.includes(one))]),
    witnesses.length > 0 &&
      h(
        'details',
        { class: 'witnesses' },
        h('summary', null, `Witnesses: ${found.length} of ${witnesses.length} reached on this way`),
        list([...found, ...witnesses.filter((one) => !found.includes(one))]),
      ),
  );
};

const LightView = ({ light, calls }: { readonly light: Light; readonly calls: number }) => {
  const { id, statement, source, witness, isHere, first, detail, instance } = light;
  const decided = isHere || first !== undefined;
  const words = decided ? (witness ? 'found' : 'broken') : witness ? 'open' : 'holds';
  const of = instance === undefined ? '' : ` for ${instanceWords(instance)}`;
  const where = isHere ? 'here' : first === calls ? 'here' : `after ${first} call${first === 1 ? '' : 's'}`;
  return h(
    'details',
    { class: `light ${words}` },
    h(
      'summary',
      null,
      h('span', { class: 'lamp', 'aria-hidden': 'true' }),
      h('span', { class: 'name' }, h('span', { class: 'mono' }, id), h('span', { class: 'soft' }, ` ${labels[words]}`)),
      decided && h('p', { class: 'detail' }, `${where}${of}${detail === '' ? '' : `: ${detail}`}`),
    ),
    h('p', null, statement, source === '' ? '' : ` [${source}]`),
  );
};

const labels = { found: 'reached', broken: 'broken', open: 'not reached so far', holds: 'holds' } as const;
