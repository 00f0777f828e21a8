import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import * as v from 'valibot';
import { suites as ours } from '../../properties/index.ts';
import { itemNamed } from '../item-named.ts';
import { importModelFile } from '../load/model-file.ts';
import { isTypeScript } from '../load/strip-types.ts';
import { SpecError } from '../spec/errors.ts';
import type { Suite } from '../spec/suite.ts';
import { needSpace, spaceFor } from './ulimit.ts';

/** A suite, and the file it came from if pagelaw did not bring it. */
interface Located {
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
    : [{ suite: itemNamed('model', model, ours, ({ model: { id } }) => id) }];
  for (const { suite } of located)
    if (variant !== undefined) itemNamed(`variant of ${suite.model.id}`, variant, Object.keys(suite.model.variants));
  return located.map((one) => ({ ...one, variant }));
};

/** Whether a target names a file and not a model that pagelaw brings. */
export const isFile = (name: string) => /[/\\]/.test(name) || ['.ts', '.mts', '.mjs'].includes(extname(name));

/** The suites that a file exports by default: one, or an array. */
export const suitesOf = async (file: string): Promise<Located[]> => {
  if (!existsSync(file)) throw new SpecError(`there is no file ${file}`);
  if (isTypeScript(file)) needSpace(spaceFor.typeScript, 'loading TypeScript');
  const wrong = (what: string) => new SpecError(`${file} cannot be used as a model: ${what}`);
  const { default: exported } = await importModelFile(file);
  if (isCommonJs(exported))
    throw wrong(
      'it is loaded as CommonJS, where a write to a frozen state is lost in silence; call it .mts, or put "type": "module" in its package.json',
    );
  const list = Array.isArray(exported) ? exported : [exported];
  if (list.length === 0 || !list.every(isSuite))
    throw wrong('its default export is not a suite; end it with export default suite({ ... })');
  return list.map((suite) => ({ suite, module: file }));
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
  violatesElsewhere: v.optional(v.record(v.string(), v.array(v.string()))),
});
