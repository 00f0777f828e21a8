import { h, render } from 'preact';
import type { Suite } from '../../spec/suite.ts';
import { App } from './app.ts';

// The server names the suites: those of the file that it was given, or all that pagelaw brings.
const suitesAddress = '/suites.js';
const root = document.getElementById('page')!;

const failed = (what: string) => {
  root.replaceChildren(Object.assign(document.createElement('p'), { className: 'note wrong', textContent: what }));
  root.firstElementChild?.setAttribute('role', 'alert');
};

try {
  const { default: suites }: { readonly default: readonly Suite[] } = await import(suitesAddress);
  root.replaceChildren();
  render(h(App, { suites, start: document.documentElement.dataset.start ?? '' }), root);
} catch (error) {
  failed(`The model cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
}
