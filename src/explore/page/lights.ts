import { type ComponentChild, h } from 'preact';
import { instanceWords } from '../../report/trace.ts';
import type { Command } from '../../spec/model.ts';
import { callText } from '../../trace/script/write.ts';
import type { Light } from '../session.ts';
import type { Asked, Searching } from './searching.ts';

interface LightsProps {
  readonly lights: readonly Light[];
  /** How many calls led here. */
  readonly calls: number;
  readonly search: Searching;
  /** Makes calls that were found. */
  readonly take: (commands: readonly Command[]) => void;
}

/** What each property says of the state, the last call and the way. What is broken comes first. */
export const Lights = ({ lights, calls, search, take }: LightsProps) => {
  const broken = lights.filter(({ witness, first, isHere }) => !witness && (isHere || first !== undefined));
  const claims = lights.filter(({ witness }) => !witness);
  const witnesses = lights.filter(({ witness }) => witness);
  const found = witnesses.filter(({ isHere, first }) => isHere || first !== undefined);
  const list = (some: readonly Light[]) =>
    h(
      'ul',
      null,
      ...some.map((light) =>
        h('li', { key: light.id, class: 'light-row' }, h(LightView, { light, calls }), h(Ask, { light, search, take })),
      ),
    );
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
      h(
        'span',
        { class: 'name' },
        h('span', { class: 'mono' }, id),
        h('span', { class: words === 'holds' ? 'hidden' : 'soft' }, ` ${labels[words]}`),
      ),
      decided && h('p', { class: 'detail' }, `${where}${of}${detail === '' ? '' : `: ${detail}`}`),
    ),
    h('p', null, statement, source === '' ? '' : ` [${source}]`),
  );
};

const labels = { found: 'reached', broken: 'broken', open: 'not reached so far', holds: 'holds' } as const;

/** Asks for the shortest calls from here that break the property, or show the witness, and says what was found. */
const Ask = ({ light, search, take }: { readonly light: Light } & Pick<LightsProps, 'search' | 'take'>) => {
  const { id, witness, isHere } = light;
  const { asked, ask, cancel } = search;
  const mine = asked?.property === id ? asked : undefined;
  const isOver = mine && (mine.found || mine.failure !== undefined);
  if (isHere && !mine) return null;
  const doing = witness ? 'reach' : 'break';
  return [
    mine && !isOver
      ? h('button', { type: 'button', onClick: cancel }, 'Cancel')
      : h(
          'button',
          { type: 'button', title: `Find how to ${doing} it from here`, onClick: () => ask(id) },
          `${doing}?`,
          h('span', { class: 'hidden' }, ` Find how to ${doing} ${id} from here`),
        ),
    mine && h(Answer, { asked: mine, doing, take, cancel }),
  ];
};

interface AnswerProps extends Pick<LightsProps, 'take'> {
  readonly asked: Asked;
  readonly doing: string;
  readonly cancel: () => void;
}

const Answer = ({ asked: { far, found, failure }, doing, take, cancel }: AnswerProps) => {
  const said = (...words: readonly ComponentChild[]) =>
    h('div', { class: `answer${failure === undefined ? '' : ' failed'}`, role: 'status' }, ...words);
  if (failure !== undefined) return said(failure);
  if (found?.kind === 'none')
    return said(
      `No calls from here ${doing} it: all ${count(found.states, 'state')} that can be reached from here, in this configuration, were searched`,
      found.isChecked ? ', and by the plain model again.' : '. It is not cross-checked: pagelaw check does that.',
    );
  if (found?.kind === 'too many')
    return said(`Not known: ${count(found.states, 'state')} are more than a page searches.`);
  if (found?.kind === 'calls') {
    const { commands, loop } = found;
    return said(
      `${count(commands.length, 'call')}${loop === undefined ? ', and no fewer do' : ', which can go on without end'}:`,
      h(
        'ol',
        null,
        ...commands.map((command, i) =>
          h('li', { class: 'call', key: i }, callText(command), i === loop && ' (the loop begins)'),
        ),
      ),
      h('button', { type: 'button', onClick: () => take(commands) }, 'Make these calls'),
      ' ',
      h('button', { type: 'button', onClick: cancel }, 'Close'),
    );
  }
  return said(
    h('progress', { 'aria-label': 'searching' }),
    far ? `${count(far.states, 'state')}, ${count(far.depth, 'call')} deep` : 'starting',
  );
};

const count = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
