import { h } from 'preact';
import { useState } from 'preact/hooks';
import { mailText } from '../../report/render/text.ts';
import { replayBlocks } from '../../report/replay.ts';
import type { Step } from '../../spec/property.ts';
import { itf } from '../../trace/itf/write.ts';
import { traceOf } from '../../trace/record.ts';
import { scriptOf } from '../../trace/script/write.ts';
import type { Session } from '../session.ts';

/** What the calls of the way are copied as. */
export const CopyAs = ({ session, steps }: { readonly session: Session; readonly steps: readonly Step[] }) => {
  const forms = [
    ['Copy link', () => location.href],
    ['Copy mail text', () => mailOf(session, steps)],
    ['Copy script', () => scriptFor(session, steps)],
    ['Copy command line', () => commandFor(session, steps)],
    ['Copy ITF', () => itfOf(session, steps)],
  ] as const;
  return h(
    'details',
    { class: 'settings' },
    h('summary', null, 'Copy as'),
    h('div', { class: 'sheet forms' }, ...forms.map(([label, text]) => h(Copy, { key: label, label, text }))),
  );
};

const Copy = ({ label, text }: { readonly label: string; readonly text: () => string }) => {
  const [said, setSaid] = useState('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setSaid('Copied');
    } catch {
      setSaid('Not allowed');
    }
    setTimeout(() => setSaid(''), 1500);
  };
  return h('button', { type: 'button', onClick: copy }, said || label);
};

/** The calls with their results, without the state after each. */
const scriptFor = ({ scope, init }: Session, steps: readonly Step[]): string => {
  const { origin, statements } = traceOf(scope, steps);
  const { module } = document.documentElement.dataset;
  const script = scriptOf({
    origin: module === undefined ? origin : { ...origin, module },
    statements: statements.filter(({ kind }) => kind === 'call'),
  });
  if (init === undefined) return script;
  return script.replace('\n', `\ninit ${init}\n`);
};

/** Runs the script, which stands below it, wherever it is pasted. */
const commandFor = (session: Session, steps: readonly Step[]): string =>
  `pagelaw run - <<'end of calls'\n${scriptFor(session, steps)}end of calls\n`;

const mailOf = ({ shown }: Session, steps: readonly Step[]): string =>
  mailText(
    replayBlocks({ ...shown, property: undefined, steps, recorded: [], differences: [], why: [], broken: undefined }),
  );

const itfOf = ({ scope, task }: Session, steps: readonly Step[]): string =>
  `${JSON.stringify(itf({ scope, start: task.system.initial, steps }), null, 2)}\n`;
