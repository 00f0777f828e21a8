import type { Shape } from '../../spec/domain.ts';
import { SpecError } from '../../spec/errors.ts';
import { type Field, isList, type Path, type Value } from '../trace.ts';
import { pathText } from './write.ts';

/**
 * The state in which a field is set, or that field in each element of a span. If the kind of a variant changes, its new fields are
 * missing until they are set too: the caller asks whether the whole state is in its domain. Throws a SpecError for a place that
 * the state does not have, as within another case of a variant.
 */
export const withField = (state: unknown, { path, value }: Field, { shape }: { readonly shape: Shape }): unknown =>
  withValue(state, shape, path, 0, value);

const withValue = (state: unknown, shape: Shape, path: Path, at: number, value: Value): unknown => {
  if (at === path.length) return made(state, shape, value);
  const step = path[at]!;
  if (typeof step === 'string') {
    const inner = fieldShape(state, shape, step);
    if (!inner || typeof state !== 'object' || state === null)
      throw new SpecError(`${pathText(path.slice(0, at + 1))} is not there`);
    return { ...state, [step]: withValue(Reflect.get(state, step), inner, path, at + 1, value) };
  }
  if (shape.kind !== 'array' || !Array.isArray(state))
    throw new SpecError(`${pathText(path.slice(0, at))} is not there`);
  const { from, to } = typeof step === 'number' ? { from: step, to: step } : step;
  return state.map((element: unknown, i) =>
    i < from || i > to ? element : withValue(element, shape.element.shape, path, at + 1, value),
  );
};

/** Undefined where the case that the state has there has no such field. */
const fieldShape = (state: unknown, shape: Shape, name: string): Shape | undefined => {
  if (shape.kind === 'record') return shape.fields[name]?.shape;
  if (shape.kind !== 'variant' || typeof state !== 'object' || state === null) return undefined;
  const kind: unknown = Reflect.get(state, 'kind');
  return typeof kind === 'string' ? shape.cases[kind]?.[name]?.shape : undefined;
};

/** A value of the script as a value of the state. What it does not say stays as it was, in the case of a variant that it was. */
const made = (was: unknown, shape: Shape, value: Value): unknown => {
  if (isList(value)) {
    if (shape.kind !== 'array') return value;
    return value.map((inner, i) => made(part(was, i), shape.element.shape, inner));
  }
  if (typeof value !== 'object') {
    if (shape.kind !== 'variant') return value;
    return part(was, 'kind') === value ? was : { kind: value };
  }
  const stays = shape.kind === 'record' || part(was, 'kind') === value.kind;
  const base = stays && typeof was === 'object' ? was : {};
  const fields = Object.entries(value).map(([name, inner]) => {
    const of = fieldShape(value, shape, name);
    return [name, of ? made(part(base, name), of, inner) : inner] as const;
  });
  return { ...base, ...Object.fromEntries(fields) };
};

const part = (of: unknown, key: string | number): unknown =>
  typeof of === 'object' && of !== null ? Reflect.get(of, key) : undefined;
