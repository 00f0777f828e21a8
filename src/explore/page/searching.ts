import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { SpecError } from '../../spec/errors.ts';
import type { Suite } from '../../spec/suite.ts';
import { linkIn } from '../link.ts';
import { type Far, type Found, searchFor } from '../search.ts';
import { sessionFor, stateAfter, wayOf } from '../session.ts';

/** What the page asks the worker: plain data, from which the worker makes the same state. */
interface Question {
  /** As the address has it. */
  readonly link: string;
  readonly property: string;
}

/** What the worker tells the page. */
type Told = { readonly far: Far } | { readonly found: Found } | { readonly failure: string };

/** A search for calls from the state here, as far as it has come. */
export interface Asked {
  readonly property: string;
  readonly far?: Far;
  readonly found?: Found;
  /** Why there is no answer. */
  readonly failure?: string;
}

export interface Searching {
  readonly asked: Asked | undefined;
  readonly ask: (property: string) => void;
  readonly cancel: () => void;
}

/** Searches from where a link leads, one property at a time. A search ends when the page goes elsewhere. */
export const useSearch = (link: string | undefined): Searching => {
  const [asked, setAsked] = useState<Asked | undefined>();
  const worker = useRef<Worker | undefined>(undefined);
  const cancel = useCallback(() => {
    worker.current?.terminate();
    worker.current = undefined;
    setAsked(undefined);
  }, []);
  // What was asked of another link is no answer here.
  useEffect(() => cancel, [cancel, link]);
  const ask = useCallback(
    (property: string) => {
      if (link === undefined) return;
      cancel();
      const started = pageWorker();
      worker.current = started;
      setAsked({ property });
      started.onmessage = ({ data }: MessageEvent<Told>) => {
        setAsked({ property, ...data });
        if (!('far' in data)) started.terminate();
      };
      started.onerror = ({ message }) => setAsked({ property, failure: message });
      started.postMessage({ link, property } satisfies Question);
    },
    [link, cancel],
  );
  return { asked, ask, cancel };
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
      tell({ found: await answered(await load(), data, (far) => tell({ far })) });
    } catch (error) {
      tell({ failure: error instanceof SpecError ? error.message : String(error) });
    }
  });
};

const answered = async (suites: readonly Suite[], { link, property }: Question, tell: (far: Far) => void) => {
  const said = linkIn(link)!;
  const session = sessionFor(suites, said);
  const { steps, stopped } = wayOf(session, said.calls);
  if (stopped) throw new SpecError(`${stopped.call}: ${stopped.problem}`);
  const { task } = session;
  const obligation = task.obligations.find((one) => one.property.id === property)!;
  const from = { ...task, system: { ...task.system, initial: stateAfter(session, steps) } };
  return searchFor(from, obligation, { tell });
};
