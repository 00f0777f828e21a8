import { existsSync } from 'node:fs';
import { createRequire, type LoadFnOutput, type LoadHookContext, type ResolveHookContext } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isTypeScript, withoutTypes } from './strip-types.ts';

// Hooks of Node's module loader. They serve module.registerHooks(), where `next` returns its result, and module.register(), where
// `next` returns a promise.

/** An import of `pagelaw` gives the pagelaw that runs, wherever the importing file lies. */
export const resolve = <T>(
  specifier: string,
  context: ResolveHookContext,
  next: (specifier: string, context: ResolveHookContext) => T,
): T => {
  const { parentURL } = context;
  const own = exported.get(specifier);
  if (own !== undefined) return next(new URL(`${own}${ownExtension}`, import.meta.url).href, context);
  if (!parentURL?.startsWith('file:')) return next(specifier, context);
  if (lent.has(specifier) && !canFind(specifier, parentURL))
    return next(specifier, { ...context, parentURL: import.meta.url });
  return next(typeScriptFor(specifier, parentURL) ?? specifier, context);
};

/** TypeScript is loaded without its types, always as an ES module. */
export const load = <T>(
  url: string,
  context: LoadHookContext,
  next: (url: string, context: LoadHookContext) => T,
): T | LoadFnOutput => {
  const { protocol, pathname } = new URL(url);
  if (protocol !== 'file:' || !isTypeScript(pathname)) return next(url, context);
  return { format: 'module', source: withoutTypes(fileURLToPath(url)), shortCircuit: true };
};

/** What the package exports, relative to this file. */
const exported: ReadonlyMap<string, string> = new Map([
  ['pagelaw', '../index'],
  ['pagelaw/models', '../models'],
  ['pagelaw/vitest', '../vitest'],
]);

/** `.ts` in the sources, `.js` in a build. */
export const ownExtension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** A package of ours that models use, for a file whose folder has none. */
const lent: ReadonlySet<string> = new Set(['ts-pattern']);

/** Whether an import of a package is found from a file. `from`: its path or its address. */
export const canFind = (name: string, from: string): boolean => {
  try {
    createRequire(from).resolve(name);
    return true;
  } catch {
    return false;
  }
};

/** The TypeScript file that an import of `./a` or `./a.js` means where there is no such file. */
const typeScriptFor = (specifier: string, parent: string): string | undefined => {
  if (!/^\.{1,2}\//.test(specifier)) return undefined;
  const { href } = new URL(specifier, parent);
  const isThere = (url: string) => existsSync(new URL(url));
  if (isThere(href)) return undefined;
  return [href.replace(/\.(m?)js$/, '.$1ts'), `${href}.ts`].find(isThere);
};
