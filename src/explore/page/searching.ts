import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { SpecError } from '../../spec/errors.ts';
import type { Suite } from '../../spec/suite.ts';
import { explain, type Why } from '../../trace/why.ts';
import { linkIn } from '../link.ts';
import { type Far, type Found, searchFor } from '../search.ts';
import { sessionFor, stateAfter, wayOf } from '../session.ts';

/** What the page asks the worker of the state that a link leads to: plain data, from which the worker makes the same state. */
type Question =
  | { readonly kind: 'search'; readonly link: string; readonly property: string }
  /** Why the last call did not succeed. */
  | { readonly kind: 'why'; readonly link: string };

/** What the worker tells the page. */
interface Told {
  readonly far?: Far;
  readonly found?: Found;
  readonly why?: Why;
  /** Why there is no answer. */
  readonly failure?: string;
}

/** A search for calls from the state here, as far as it has come. */
export type Asked = Pick<Told, 'far' | 'found' | 'failure'> & { readonly property: string };

export interface Searching {
  readonly asked: Asked | undefined;
  readonly ask: (property: string) => void;
  readonly cancel: () => void;
}

/** Searches from where a link leads, one property at a time. A search ends when the page goes elsewhere. */
export const useSearch = (link: string | undefined): Searching => {
  const [asked, setAsked] = useState<Asked | undefined>();
  const end = useRef<() => void>(undefined);
  const cancel = useCallback(() => {
    end.current?.();
    setAsked(undefined);
  }, []);
  // What was asked of another link is no answer here.
  useEffect(() => cancel, [cancel, link]);
  const ask = useCallback(
    (property: string) => {
      if (link === undefined) return;
      cancel();
      setAsked({ property });
      end.current = asking({ kind: 'search', link, property }, (told) => setAsked({ property, ...told }));
    },
    [link, cancel],
  );
  return { asked, ask, cancel };
};

/** Why the last call of a link did not succeed, once it is known. `link`: undefined if it did. */
export const useWhy = (link: string | undefined): Why | undefined => {
  const [known, setKnown] = useState<{ readonly link: string; readonly why: Why } | undefined>();
  useEffect(() => {
    if (link === undefined) return undefined;
    return asking({ kind: 'why', link }, ({ why }) => why && setKnown({ link, why }));
  }, [link]);
  return known && known.link === link ? known.why : undefined;
};

/** Asks a worker of its own. Returns what ends it. */
const asking = (question: Question, tell: (told: Told) => void): (() => void) => {
  const worker = pageWorker();
  worker.onmessage = ({ data }: MessageEvent<Told>) => {
    if (!data.far) worker.terminate();
    tell(data);
  };
  worker.onerror = ({ message }) => tell({ failure: message });
  worker.postMessage(question);
  return () => worker.terminate();
};

/** The page's own script again, which in a worker answers questions. In a file that holds its script, from there. */
const pageWorker = (): Worker => {
  const script = document.querySelector<HTMLScriptElement>('script[data-page]');
  const address =
    script?.src || URL.createObjectURL(new Blob([script?.textContent ?? ''], { type: 'text/javascript' }));
  return new Worker(address, { type: 'module' });
};

/** In a worker: answers a question, and tells how far it is. */
export const answering = (load: () => Promise<readonly Suite[]>): void => {
  const tell = (told: Told) => postMessage(told);
  addEventListener('message', async ({ data }: MessageEvent<Question>) => {
    try {
      tell(await answerTo(data, await load(), tell));
    } catch (error) {
      tell({ failure: error instanceof SpecError ? error.message : String(error) });
    }
  });
};

const answerTo = async (question: Question, suites: readonly Suite[], tell: (told: Told) => void): Promise<Told> => {
  const link = linkIn(question.link)!;
  const session = sessionFor(suites, link);
  const { steps, stopped } = wayOf(session, link.calls);
  if (stopped) throw new SpecError(`${stopped.call}: ${stopped.problem}`);
  const { task } = session;
  if (question.kind === 'why') {
    const [why] = explain(task, steps.slice(-1));
    return why ? { why } : {};
  }
  const obligation = task.obligations.find(({ property }) => property.id === question.property)!;
  const from = { ...task, system: { ...task.system, initial: stateAfter(session, steps) } };
  return { found: await searchFor(from, obligation, { tell: (far) => tell({ far }) }) };
};
