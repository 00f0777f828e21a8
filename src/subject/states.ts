import type { Domain, Shape } from '../spec/domain.ts';
import { SpecError } from '../spec/errors.ts';
import type { Property, Step } from '../spec/property.ts';
import { frozen } from '../spec/update.ts';
import type { Printed } from './protocol.ts';

/** Thrown where a function reads a part of a state that the subject does not print. */
class Unobserved extends Error {}

/** The states that a subject prints, each once. */
export class PrintedStates {
  readonly #domain: Domain;
  readonly #unobserved: ReadonlySet<string>;
  readonly #byKey = new Map<string, Printed>();
  readonly #masks = new WeakMap<object, unknown>();
  readonly #reasonless = new WeakMap<Step['outcome'], Step['outcome']>();
  readonly #unmasked = new WeakMap<Property, Property>();

  /** `unobserved`: paths of fields, as `vms[].memcache`. Throws a SpecError for one that the domain does not have. */
  constructor(domain: Domain, unobserved: readonly string[]) {
    this.#domain = domain;
    this.#unobserved = new Set(unobserved);
    const paths = new Set(pathsOf(domain.shape, ''));
    const stray = unobserved.find((path) => !paths.has(path));
    if (stray !== undefined)
      throw new SpecError(
        `the subject does not observe ${stray}, which no state has; a path is, for example, ${[...paths][0]}`,
      );
  }

  /** What is not observed has the first value of its domain, which nobody may read. */
  readonly understand = (value: unknown): Printed => {
    const whole = this.#unobserved.size === 0 ? value : this.#filled(this.#domain.shape, value, '');
    const state = this.#domain.canonical(whole);
    const key = JSON.stringify(state ?? whole);
    const known = this.#byKey.get(key);
    if (known) return known;
    const printed =
      state === undefined
        ? { state: frozen(whole), misfit: this.#misfit(whole), key }
        : { state, misfit: undefined, key };
    this.#byKey.set(key, printed);
    return printed;
  };

  /** The state that is equal to this one; undefined if none like it was printed. */
  find(state: unknown): Printed | undefined {
    return this.#byKey.get(JSON.stringify(state));
  }

  /** The same state, with what is not observed put to the value that `understand` gives it. */
  projected(state: unknown): unknown {
    if (this.#unobserved.size === 0) return state;
    return this.#domain.canonical(this.#filled(this.#domain.shape, state, '')) ?? state;
  }

  /** What `masked` made the property of; itself if that is none of its results. */
  unmasked(property: Property): Property {
    return this.#unmasked.get(property) ?? property;
  }

  /** The property, which calls `onUnobserved` instead of judging what it could judge only by what is not observed. */
  masked(property: Property, onUnobserved: (property: Property) => void): Property {
    const made = this.#masked(property, onUnobserved);
    this.#unmasked.set(made, property);
    return made;
  }

  #masked(property: Property, onUnobserved: (property: Property) => void): Property {
    const kept = <T>(judge: () => T, otherwise: T): T => {
      try {
        return judge();
      } catch (error) {
        if (!(error instanceof Unobserved)) throw error;
        onUnobserved(property);
        return otherwise;
      }
    };
    if (property.on === 'path') {
      const waits: typeof property.waits = (state, ...rest) =>
        kept(() => property.waits(this.#mask(state), ...rest), false);
      return { ...property, waits };
    }
    const { witness } = property;
    if (property.on === 'call') {
      const masked = property.byErrno
        ? (step: Step) => this.#maskedStates(step)
        : (step: Step) => this.#maskedStep(step);
      const judge: typeof property.judge = (step, ...rest) =>
        kept(() => property.judge(masked(step), ...rest), !witness);
      return { ...property, judge };
    }
    const judge: typeof property.judge = (state, ...rest) =>
      kept(() => property.judge(this.#mask(state), ...rest), !witness);
    return { ...property, judge };
  }

  /** Why a call was refused may be known to the model alone. */
  #maskedStep(step: Step): Step {
    const masked = this.#maskedStates(step);
    const { outcome } = masked;
    if (outcome.result !== 'refused' || outcome.reason !== '') return masked;
    let reasonless = this.#reasonless.get(outcome);
    if (!reasonless) {
      reasonless = Object.defineProperty({ ...outcome }, 'reason', {
        get: () => {
          throw new Unobserved('reason');
        },
      });
      this.#reasonless.set(outcome, reasonless);
    }
    return { ...masked, outcome: reasonless };
  }

  #maskedStates(step: Step): Step {
    if (this.#unobserved.size === 0) return step;
    const { before, command, outcome } = step;
    const masked = this.#mask(before);
    const after = outcome.state === before ? masked : this.#mask(outcome.state);
    return { before: masked, command, outcome: { ...outcome, state: after } };
  }

  #mask(state: unknown): unknown {
    if (typeof state !== 'object' || state === null || this.#unobserved.size === 0) return state;
    if (!this.#masks.has(state)) this.#masks.set(state, this.#masking(this.#domain.shape, state, ''));
    return this.#masks.get(state);
  }

  #filled(shape: Shape, value: unknown, path: string): unknown {
    return mapped(shape, value, path, (at, inner, field, result) => {
      const filled = this.#unobserved.has(at) ? inner.values().next().value : this.#filled(inner.shape, field, at);
      if (filled !== undefined) result(filled);
    });
  }

  #masking(shape: Shape, value: unknown, path: string): unknown {
    return mapped(shape, value, path, (at, inner, field, result, target, name) => {
      if (!this.#unobserved.has(at)) result(this.#masking(inner.shape, field, at));
      else
        Object.defineProperty(target, name, {
          enumerable: true,
          get: () => {
            throw new Unobserved(at);
          },
        });
    });
  }

  #misfit(value: unknown): string {
    const { path = '', reason = 'it has fields that cannot be seen' } = this.#domain.misfit(value) ?? {};
    return `${path === '' ? 'the top' : path}: ${reason}`;
  }
}

type Visit = (
  path: string,
  domain: Domain,
  field: unknown,
  result: (value: unknown) => void,
  target: object,
  name: string,
) => void;

/** The value with every field of its records made anew by `visit`; what does not have the shape is left as it is. */
const mapped = (shape: Shape, value: unknown, path: string, visit: Visit): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (shape.kind === 'array')
    return Array.isArray(value) ? value.map((one) => mapped(shape.element.shape, one, `${path}[]`, visit)) : value;
  if (shape.kind !== 'record' && shape.kind !== 'variant') return value;
  const kind: unknown = Reflect.get(value, 'kind');
  const fields = shape.kind === 'record' ? shape.fields : shape.cases[String(kind)];
  if (!fields) return value;
  const made: Record<string, unknown> = { ...value };
  for (const [name, domain] of Object.entries(fields)) {
    const result = (field: unknown) => {
      made[name] = field;
    };
    visit(joined(path, name), domain, Reflect.get(value, name), result, made, name);
  }
  return made;
};

const joined = (path: string, name: string) => (path === '' ? name : `${path}.${name}`);

/** The paths of all fields. */
function* pathsOf(shape: Shape, path: string): Generator<string> {
  if (shape.kind === 'array') yield* pathsOf(shape.element.shape, `${path}[]`);
  if (shape.kind !== 'record' && shape.kind !== 'variant') return;
  for (const fields of shape.kind === 'record' ? [shape.fields] : Object.values(shape.cases))
    for (const [name, { shape: inner }] of Object.entries(fields)) {
      yield joined(path, name);
      yield* pathsOf(inner, joined(path, name));
    }
}
