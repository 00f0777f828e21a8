import { isInherited, show } from './domain.ts';
import { SpecError } from './errors.ts';
import { type Command, type Model, type ModelSpec, type Parameter, type Switch, switchValues } from './model.ts';

/** What a model is that has one version: it has no switches, so there is nothing to choose. */
const onlyVariant = { variants: { model: { doc: 'the model', switches: {} } }, defaultVariant: 'model' };

/**
 * Fills in what was left out and checks what the types cannot. Left out, `title` is the id; `sources`, `config` and `switches` are
 * empty; `variants` has one, `model`; `defaultVariant` is the first one. Throws a SpecError that names the model and the place.
 */
export const defineModel = <
  S,
  C extends Command,
  const P extends Model['config'] = Record<never, never>,
  const W extends Model['switches'] = Record<never, never>,
  const V extends string = 'model',
>(
  spec: ModelSpec<S, C, P, W, V>,
): Model<S, C, P, W, V> => {
  const model = completed(spec);
  check(model);
  // What is filled in is what P, W and V are where they are not given.
  return model as Model<S, C, P, W, V>;
};

const completed = (spec: unknown): Model => {
  if (!isRecord(spec) || typeof spec.id !== 'string')
    throw new SpecError(
      `a model needs an id, such as 'pkvm-mmio'; this one has ${show(isRecord(spec) ? spec.id : spec)}`,
    );
  const given: Readonly<Record<string, unknown>> = spec;
  const variants = isRecord(given.variants) ? Object.keys(given.variants) : [];
  const defaults: Readonly<Record<string, unknown>> = {
    title: spec.id,
    sources: [],
    config: {},
    switches: {},
    ...(given.variants === undefined ? onlyVariant : { defaultVariant: variants[0] }),
  };
  const missing = Object.keys(defaults).filter((name) => given[name] === undefined);
  const filledIn = Object.fromEntries(missing.map((name) => [name, defaults[name]]));
  // `check` looks at every field that is then believed to be there.
  return (missing.length === 0 ? spec : { ...spec, ...filledIn }) as unknown as Model;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** By field: what it must be, if it is there. */
const fields: Readonly<Record<keyof Model, 'a text' | 'texts' | 'an object' | 'a function'>> = {
  id: 'a text',
  title: 'a text',
  sources: 'texts',
  config: 'an object',
  switches: 'an object',
  variants: 'an object',
  defaultVariant: 'a text',
  environment: 'texts',
  system: 'a function',
  scripted: 'a function',
  done: 'a function',
  legend: 'a function',
  kernel: 'an object',
  draw: 'a function',
  lane: 'a function',
  classify: 'a function',
  subject: 'a text',
  pages: 'a function',
  names: 'a function',
};

const isText = (value: unknown): value is string => typeof value === 'string';

const isSuch: Readonly<Record<(typeof fields)[keyof Model], (value: unknown) => boolean>> = {
  'a text': isText,
  texts: (value) => Array.isArray(value) && [...value].every(isText),
  'an object': isRecord,
  'a function': (value) => typeof value === 'function',
};

const check = (model: Model): void => {
  const wrong = (what: string) => new SpecError(`model ${model.id}: ${what}`);
  if (!/^[a-z][a-z0-9-]*$/.test(model.id)) throw wrong('an id has lower-case letters, digits and hyphens');
  for (const name of Object.keys(model))
    if (!Object.hasOwn(fields, name))
      throw wrong(`there is no field ${name} of a model (fields: ${Object.keys(fields).join(', ')})`);
  for (const [name, type] of Object.entries(fields)) {
    const value: unknown = Reflect.get(model, name);
    if ((value !== undefined || name === 'system') && !isSuch[type](value))
      throw wrong(`${name} is ${show(value)}; it must be ${type === 'texts' ? 'an array of texts' : type}`);
  }
  for (const name of [...Object.keys(model.config), ...Object.keys(model.switches)])
    if (!/^[A-Za-z_]\w*$/.test(name) || isInherited(name))
      throw wrong(`a config parameter or a switch cannot be called ${JSON.stringify(name)}`);
  for (const [name, parameter] of Object.entries(model.config)) checkParameter(name, parameter, wrong);
  for (const [name, spec] of Object.entries(model.switches)) checkSwitch(name, spec, wrong);
  checkVariants(model, wrong);
  for (const name of model.environment ?? [])
    if (!Object.hasOwn(model.switches, name)) throw wrong(`environment lists ${name}, which is not a switch`);
  for (const [name, text] of Object.entries(model.kernel ?? {}))
    if (!isText(text)) throw wrong(`kernel: the place of ${name} is ${show(text)}; it must be a text`);
  if (!model.classify && (model.pages || model.names))
    throw wrong('pages() and names() are for classify(), which is missing');
};

type Wrong = (what: string) => SpecError;

const checkParameter = (name: string, parameter: Parameter, wrong: Wrong): void => {
  if (!isRecord(parameter) || !isText(parameter.doc))
    throw wrong(`config ${name} is ${show(parameter)}; it must be { doc: 'a text', default, min, max }`);
  const { default: value, min, max, large = value, scriptMax = max } = parameter;
  if (![min, value, large, max].every(Number.isSafeInteger) || min > value || value > max || large < min || large > max)
    throw wrong(`config ${name}: default ${value} and large ${large} must be integers from min ${min} to max ${max}`);
  if (!Number.isSafeInteger(scriptMax) || scriptMax < max)
    throw wrong(`config ${name}: scriptMax ${scriptMax} must be an integer, and no less than max ${max}`);
};

const checkSwitch = (name: string, spec: Switch, wrong: Wrong): void => {
  if (isText(spec)) return;
  const isList = isRecord(spec) && isText(spec.doc) && isSuch.texts(spec.values);
  if (!isList || spec.values.length < 2 || new Set(spec.values).size < spec.values.length)
    throw wrong(
      `switch ${name} is ${show(spec)}; it must be a text or { doc: 'a text', values: two or more different texts }`,
    );
};

const checkVariants = (model: Model, wrong: Wrong): void => {
  if (Object.keys(model.variants).length === 0) throw wrong('variants is empty; leave it out, or list one');
  for (const [name, variant] of Object.entries(model.variants)) {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name))
      throw wrong(`variant ${name}: a name has lower-case letters, digits, dots and hyphens`);
    if (!isRecord(variant) || !isText(variant.doc) || !isRecord(variant.switches))
      throw wrong(`variant ${name} is ${show(variant)}; it must be { doc: 'a text', switches: { ... } }`);
    for (const [key, value] of Object.entries(variant.switches)) {
      const values = Object.hasOwn(model.switches, key) ? switchValues(model.switches[key]!) : undefined;
      if (!values) throw wrong(`variant ${name} sets ${key}, which is not a switch`);
      if (!values.includes(value!))
        throw wrong(
          `variant ${name} sets ${key} to ${isText(value) ? value : show(value)}; it is one of ${values.join(', ')}`,
        );
    }
  }
  if (!Object.hasOwn(model.variants, model.defaultVariant))
    throw wrong(`the default variant ${model.defaultVariant} is not listed`);
};
