import { isBuiltin } from 'node:module';
import { isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { Plugin } from 'rolldown';
import { canFind } from '../load/hooks.ts';
import { isTypeScript, withoutTypes } from '../load/strip-types.ts';
import { SpecError } from '../spec/errors.ts';

/** The page and what it explores, as one script that imports nothing. It is a module: `<script type="module">`. */
interface Bundle {
  readonly script: string;
  /** The files that it is made of, those of packages left out. */
  readonly files: readonly string[];
}

interface BundleOptions {
  /** A file that exports suites; undefined for those that pagelaw brings. */
  readonly model: string | undefined;
  /** Shorter, and not to be read by people. */
  readonly minify?: boolean;
}

/**
 * Bundles the page with a model. Types are blanked out as wherever a model is loaded, so that nothing runs here which `check` refuses.
 * Throws a SpecError that names the file, with line and column where they are known, if one cannot be read, or imports what a page does
 * not have.
 */
export const bundled = async ({ model, minify = false }: BundleOptions): Promise<Bundle> => {
  const refusals: SpecError[] = [];
  // Native code, which other commands need not wait for.
  const { rolldown } = await import('rolldown');
  try {
    const build = await rolldown({
      input: entry,
      platform: 'browser',
      plugins: [pluginFor(model, refusals)],
      transform: { define: { [environment]: "'production'" } },
      // A model's functions are found by what they are, not by what can be seen of their use.
      treeshake: { propertyReadSideEffects: false },
      tsconfig: false,
      logLevel: 'silent',
    });
    const { output } = await build.generate({ format: 'es', codeSplitting: false, minify });
    await build.close();
    const [{ code, moduleIds }] = output;
    return { script: code, files: moduleIds.filter((id) => isAbsolute(id) && !id.includes('/node_modules/')) };
  } catch (error) {
    throw refusals[0] ?? new SpecError(wordsOf(error));
  }
};

const entry = 'pagelaw:page';

/** What packages ask of Node about how they are to run. */
const environment = ['process', 'env', 'NODE_ENV'].join('.');

/** `.ts` in the sources, `.js` in a build. */
const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

const own = (path: string): string => fileURLToPath(new URL(`${path}${extension}`, import.meta.url));

/** What an import by these names means in a page. */
const lent: ReadonlyMap<string, string> = new Map([
  ['pagelaw', own('./page/pagelaw')],
  ['pagelaw/models', own('../models')],
  ['fast-check', own('./page/no-fast-check')],
]);

const pluginFor = (model: string | undefined, refusals: SpecError[]): Plugin => {
  const refuse = (message: string): never => {
    const refusal = new SpecError(message);
    refusals.push(refusal);
    throw refusal;
  };
  return {
    name: 'pagelaw',
    async resolveId(name, importer, options) {
      if (name === entry) return entry;
      const known = lent.get(name);
      if (known !== undefined) return known;
      const from = importer === undefined || importer === entry ? import.meta.filename : importer;
      if (isBuiltin(name)) return refuse(`${near(from)} imports ${name}, which a browser does not have`);
      const typeScript = name.startsWith('.') ? await typeScriptFor(this, name, from, options) : undefined;
      const found = typeScript ?? (await this.resolve(name, importer, { ...options, skipSelf: true }));
      if (found) return found;
      if (/^[./]/.test(name)) return refuse(`${near(from)} imports ${name}, which is not there`);
      if (!canFind(name, import.meta.filename))
        return refuse(`${near(from)} imports ${name}, which is not installed there`);
      return this.resolve(name, import.meta.filename, { ...options, skipSelf: true });
    },
    load(id) {
      if (id === entry) return entryText(model);
      if (!isTypeScript(id)) return null;
      try {
        return { code: withoutTypes(id), moduleType: 'js' };
      } catch (error) {
        return refuse((error as Error).message.replace(id, near(id)));
      }
    },
  };
};

type Context = ThisParameterType<Extract<Plugin['resolveId'], (...given: never[]) => unknown>>;

/** As in Node: `./a.js` may be written for `./a.ts`, and `./a` as well. */
const typeScriptFor = async (context: Context, name: string, from: string, options: object) => {
  if (isTypeScript(name)) return undefined;
  for (const candidate of [name, name.replace(/\.(m?)js$/, '.$1ts'), `${name}.ts`]) {
    const found = await context.resolve(candidate, from, { ...options, skipSelf: true });
    if (found) return found;
  }
  return undefined;
};

/** The model is imported where a failure of it can be told. */
const entryText = (model: string | undefined): string => {
  const file = JSON.stringify(model === undefined ? own('../../properties/index') : resolve(model));
  const name = model === undefined ? 'suites' : 'default';
  return `import { started } from ${JSON.stringify(own('./page/main'))};
started(async () => [(await import(${file})).${name}].flat());
`;
};

const near = (file: string): string => {
  const path = relative('', file);
  return path.startsWith('..') ? file : path;
};

/** What the bundler throws. Lines count from 1, columns from 0. */
interface BundleError {
  readonly errors?: readonly {
    readonly message: string;
    readonly loc?: { readonly file?: string; readonly line: number; readonly column: number };
  }[];
}

const wordsOf = (error: unknown): string => {
  const [first] = (error as BundleError).errors ?? [];
  const { message } = first ?? (error as Error);
  const [line = ''] = stripVTControlCharacters(message).split('\n');
  const words = line.replace(/^\[[A-Z_]+\] /, '');
  const { loc } = first ?? {};
  return loc?.file === undefined
    ? `cannot bundle the page: ${words}`
    : `${near(loc.file)}:${loc.line}:${loc.column + 1}: ${words}`;
};
