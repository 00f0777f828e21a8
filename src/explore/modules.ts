import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { init, parse } from 'es-module-lexer';
import { isTypeScript, withoutTypes } from '../load/strip-types.ts';
import { SpecError } from '../spec/errors.ts';

/** A module as a browser loads it: its text, in which every import names an address of the same server. */
export interface PageModule {
  readonly address: string;
  /** Where its text comes from; undefined for the module that names the suites. */
  readonly file?: string;
  readonly text: string;
}

/**
 * The modules that the page and a model need, by their address: the page's own, and all that they import. Nothing is bundled: a browser
 * loads ES modules, and types are blanked out as Node itself does. `model`: a file that exports suites; undefined for those that pagelaw
 * brings. Throws a SpecError that names the file where one cannot be read, or imports what a page does not have.
 */
export const pageModules = async (model: string | undefined): Promise<ReadonlyMap<string, PageModule>> => {
  await init;
  const modules = new Map<string, PageModule>();
  const addresses = new Map<string, string>();
  const addressOf = (file: string): string => {
    const known = addresses.get(file);
    if (known !== undefined) return known;
    const address = `/m/${addresses.size}/${basename(file).replace(/\.m?ts$/, '.js')}`;
    addresses.set(file, address);
    modules.set(address, { address, file, text: linked(file, addressOf) });
    return address;
  };
  modules.set('/page.js', { address: '/page.js', text: `import '${addressOf(own('./page/main'))}';\n` });
  const suites = addressOf(model === undefined ? own('../../properties/index') : resolve(model));
  const list = model === undefined ? 'import { suites } from' : 'import suites from';
  modules.set('/suites.js', {
    address: '/suites.js',
    text: `${list} '${suites}';\nexport default [suites].flat();\n`,
  });
  return modules;
};

/** `.ts` in the sources, `.js` in a build. */
const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

const own = (path: string): string => fileURLToPath(new URL(`${path}${extension}`, import.meta.url));

/** The text of a file, with the addresses of what it imports. */
const linked = (file: string, addressOf: (file: string) => string): string => {
  const text = textOf(file);
  let done = '';
  let from = 0;
  for (const found of importsIn(text, file)) {
    if (found.type === 'import-meta' || found.specifier === undefined) continue; // import(variable) is left as it is
    const address = addressOf(resolved(found.specifier, file));
    done += text.slice(from, found.start) + (found.type === 'dynamic' ? `'${address}'` : address);
    from = found.end;
  }
  return done + text.slice(from);
};

const importsIn = (text: string, file: string) => {
  try {
    return parse(text, file)[0];
  } catch (error) {
    throw new SpecError(`${near(file)} cannot be read as an ES module: ${messageOf(error)}`);
  }
};

/** What packages ask of Node about how they are to run. */
const environment = /\bprocess\s*\.env\.NODE_ENV\b/g;

const textOf = (file: string): string => {
  try {
    if (isTypeScript(file)) return withoutTypes(file);
    const text = readFileSync(file, 'utf8');
    return file.includes('/node_modules/') ? text.replaceAll(environment, "'production'") : text;
  } catch (error) {
    if (error instanceof SyntaxError) throw new SpecError(error.message.replace(file, near(file)));
    throw new SpecError(`cannot read ${near(file)}: ${messageOf(error)}`);
  }
};

/** The file that an import means. Models get the vocabulary where they import `pagelaw`. */
const resolved = (name: string, from: string): string => {
  if (name === 'pagelaw') return own('../spec/index');
  if (name === 'fast-check') return own('./page/no-fast-check');
  if (name.startsWith('.')) return relativeFile(resolve(dirname(from), name), name, from);
  if (isBuiltin(name)) throw new SpecError(`${near(from)} imports ${name}, which a browser does not have`);
  try {
    return browserFile(fileURLToPath(import.meta.resolve(name)));
  } catch {
    throw new SpecError(`${near(from)} imports ${name}, which pagelaw does not bring to a page`);
  }
};

const relativeFile = (path: string, name: string, from: string): string => {
  const found = [path, path.replace(/\.(m?)js$/, '.$1ts'), `${path}.ts`].find((one) => existsSync(one));
  if (found === undefined) throw new SpecError(`${near(from)} imports ${name}, which is not there`);
  return found;
};

/** The ES module of a package whose `main` is CommonJS. */
const browserFile = (file: string): string => {
  const manifest = join(dirname(file), 'package.json');
  if (!existsSync(manifest)) return file;
  const { module, exports } = JSON.parse(readFileSync(manifest, 'utf8'));
  return typeof module === 'string' && exports === undefined ? resolve(dirname(file), module) : file;
};

const near = (file: string): string => {
  const path = relative('', file);
  return path.startsWith('..') ? file : path;
};

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
