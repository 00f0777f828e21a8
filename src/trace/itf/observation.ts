import type { System } from '../../spec/model.ts';
import type { Field } from '../trace.ts';
import { variables } from './names.ts';
import { valueIn } from './value.ts';

/**
 * What a state of the file says of the model's state: of each field at its top that is a variable of the file, whatever module stands
 * before it (`spec::host`); or of the whole, which is called `state`. Other variables are the file's own affair. Throws a SpecError that
 * begins with `where` for a value that the model's state cannot have.
 */
export const observationOf = (
  state: Readonly<Record<string, unknown>>,
  { state: domain }: System,
  where: string,
): Field[] => {
  const { shape } = domain;
  const names = Object.keys(state).filter((name) => name !== '#meta' && !ours.includes(name));
  const fields = shape.kind === 'record' ? shape.fields : {};
  const observed = names.flatMap((name): Field[] => {
    const own = name.slice(name.lastIndexOf('::') + 1).replace(/^:/, '');
    const field = Object.hasOwn(fields, name) ? name : own;
    if (!Object.hasOwn(fields, field)) return [];
    return [{ path: [field], value: valueIn(state[name], fields[field]!.shape, `${where}: ${field}`) }];
  });
  if (observed.length > 0 || !Object.hasOwn(state, variables.state)) return observed;
  return [{ path: [], value: valueIn(state[variables.state], shape, `${where}: ${variables.state}`) }];
};

const ours: readonly string[] = Object.values(variables).filter((name) => name.includes('::'));
