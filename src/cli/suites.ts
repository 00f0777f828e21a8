import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { suites as ours } from '../../properties/index.ts';
import { known } from '../known.ts';
import { SpecError } from '../spec/errors.ts';
import type { Suite } from '../spec/suite.ts';
import { thrown } from '../system/guarded.ts';
import { needSpace, spaceFor } from './ulimit.ts';

/** A suite, and the file it came from if pagelaw did not bring it. */
export interface Located {
  readonly suite: Suite;
  readonly module?: string;
}

export interface Target extends Located {
  /** Undefined: every variant. */
  readonly variant: string | undefined;
}

export const allSuites = (): Located[] => ours.map((suite) => ({ suite }));

/** Finds what `model`, `model@variant`, `file.ts` or `file.ts@variant` names. Throws a SpecError with the nearest name. */
export const findTargets = async (name: string): Promise<Target[]> => {
  const [model = '', variant, ...more] = name.split('@');
  if (model === '' || variant === '' || more.length > 0)
    throw new SpecError(`${name} is not MODEL, MODEL@VARIANT or FILE`);
  const located = isFile(model)
    ? await suitesOf(model)
    : [{ suite: known('model', model, ours, ({ model: { id } }) => id) }];
  for (const { suite } of located)
    if (variant !== undefined) known(`variant of ${suite.model.id}`, variant, Object.keys(suite.model.variants));
  return located.map((one) => ({ ...one, variant }));
};

/** Whether a target names a file and not a model that pagelaw brings. */
export const isFile = (name: string) => /[/\\]/.test(name) || ['.ts', '.mts', '.mjs'].includes(extname(name));

/** The suites that a file exports by default: one, or an array. TypeScript is loaded as it is. */
export const suitesOf = async (file: string): Promise<Located[]> => {
  if (!existsSync(file)) throw new SpecError(`there is no file ${file}`);
  const isTypeScript = /\.m?ts$/.test(file);
  if (isTypeScript) needSpace(spaceFor.typeScript, 'loading TypeScript');
  const wrong = (what: string) => new SpecError(`${file} cannot be used as a model: ${what}`);
  let loaded: { default?: unknown };
  try {
    const url = pathToFileURL(resolve(file)).href;
    loaded = isTypeScript ? await importTypeScript(url) : await import(url);
  } catch (error) {
    throw wrong(firstLine(error));
  }
  const exported = loaded.default;
  if (isCommonJs(exported))
    throw wrong(
      'it is loaded as CommonJS, where a write to a frozen state is lost in silence; call it .mts, or put "type": "module" in its package.json',
    );
  const list = Array.isArray(exported) ? exported : [exported];
  if (list.length === 0 || !list.every(isSuite))
    throw wrong('its default export is not a suite; end it with export default suite({ ... })');
  return list.map((suite) => ({ suite, module: file }));
};

/** Loads tsx only when a TypeScript file is named: Node 20 does not read TypeScript by itself. */
const importTypeScript = async (url: string): Promise<{ default?: unknown }> => {
  const { tsImport } = await import('tsx/esm/api');
  return tsImport(url, import.meta.url);
};

/** An ES module that was compiled to CommonJS has its default export one level further down. */
const isCommonJs = (exported: unknown) => typeof exported === 'object' && exported !== null && 'default' in exported;

/** As far as a plain object can be told to be what suite() returns. */
const isSuite = (value: unknown): value is Suite => v.is(suiteSchema, value);

const callable = v.function();
const suiteSchema = v.looseObject({
  model: v.looseObject({
    id: v.string(),
    config: v.looseObject({}),
    switches: v.looseObject({}),
    variants: v.looseObject({}),
    system: callable,
  }),
  properties: v.array(v.looseObject({ id: v.string(), on: v.string(), applies: callable, instances: callable })),
  violates: v.record(v.string(), v.array(v.string())),
});

const firstLine = (error: unknown) => {
  if (!(error instanceof Error)) return thrown(error);
  const lines = error.message.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(0, 2).join(' ').trim() || thrown(error);
};
