import { itemNamed } from '../item-named.ts';
import { SpecError } from '../spec/errors.ts';
import { type Model, switchValues } from '../spec/model.ts';

/** Which configuration and switches to take, `name=value` each, as given. */
export interface ScopeOptions {
  readonly set?: readonly string[];
  readonly switch?: readonly string[];
}

/**
 * What `--set` and `--switch` say: with `--matrix`, where a switch may have several values, one alternative for each combination.
 * Throws a SpecError for a name or value that the model does not have.
 */
export const givenChoices = (model: Model, options: ScopeOptions & { readonly matrix?: boolean }) => {
  const config = assignments('--set', options.set ?? [], (text) => {
    if (!/^-?\d+$/.test(text)) throw new SpecError(`--set takes integers, not ${text}`);
    return Number(text);
  });
  const switches = assignments('--switch', options.switch ?? [], (text) =>
    (options.matrix ? text.split(',') : [text]).map((one) => (one === 'true' ? true : one === 'false' ? false : one)),
  );
  for (const name of Object.keys(config)) itemNamed(`config parameter of ${model.id}`, name, Object.keys(model.config));
  for (const [name, values] of Object.entries(switches)) {
    itemNamed(`switch of ${model.id}`, name, Object.keys(model.switches));
    for (const value of values)
      itemNamed(`value of ${name}`, String(value), switchValues(model.switches[name]!), String);
  }
  return { config, alternatives: combinationsOf(switches) };
};

/** One value for each name, in every way. */
const combinationsOf = <T>(values: Readonly<Record<string, readonly T[]>>): Record<string, T>[] =>
  Object.entries(values).reduce<Record<string, T>[]>(
    (made, [name, each]) => made.flatMap((one) => each.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );

/** `name=value` each, no name twice. */
const assignments = <T>(option: string, given: readonly string[], parse: (text: string) => T): Record<string, T> => {
  const assigned: Record<string, T> = {};
  for (const text of given) {
    const [name = '', value = '', ...more] = text.split('=');
    if (name === '' || value === '' || more.length > 0) throw new SpecError(`${option} ${text} is not NAME=VALUE`);
    if (Object.hasOwn(assigned, name)) throw new SpecError(`${option} ${name} is given twice`);
    assigned[name] = parse(value);
  }
  return assigned;
};
