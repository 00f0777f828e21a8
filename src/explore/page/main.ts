import { h, render } from 'preact';
import type { Suite } from '../../spec/suite.ts';
import { App } from './app.ts';
import { followNews } from './news.ts';
import { answering } from './searching.ts';

/** Draws the page, once the model is loaded. In a worker, which has no page, answers the questions of the one that started it. */
export const started = async (load: () => Promise<readonly Suite[]>): Promise<void> => {
  if (typeof document === 'undefined') return answering(load);
  followNews();
  const root = document.getElementById('page')!;
  try {
    const suites = await load();
    root.replaceChildren();
    render(h(App, { suites, start: document.documentElement.dataset.start ?? '' }), root);
  } catch (error) {
    const what = `The model cannot be loaded: ${error instanceof Error ? error.message : String(error)}`;
    root.replaceChildren(Object.assign(document.createElement('p'), { className: 'note wrong', textContent: what }));
    root.firstElementChild?.setAttribute('role', 'alert');
  }
};
