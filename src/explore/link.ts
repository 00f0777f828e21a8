import { SpecError } from '../spec/errors.ts';
import { type Command, type Model, switchValues } from '../spec/model.ts';
import { type Scope, scopeOf } from '../system/scope.ts';
import { callText } from '../trace/script/write.ts';

/** What the address of the page says after its `#`: the model, its variant, what differs from that, and the calls as they are written. */
export interface Link {
  readonly model: string;
  /** Undefined: the model's default variant. */
  readonly variant: string | undefined;
  /** The variant that it is compared with. */
  readonly other?: string | undefined;
  /** `name=value` of the configuration and of switches. */
  readonly settings: readonly string[];
  /** The fields of the start state that are not those of the model, as in an `init` of a script. */
  readonly init?: string | undefined;
  readonly calls: readonly string[];
}

/** `#/pkvm-mmio@v4..fixed//host_access(pfn=0)` compares two variants. `#/pkvm-mmio@v4/pages=2,checksOwner=false/init pool=1;host_access(pfn=0);host_access(pfn=1)`. */
export const linkText = ({ model, variant, other, settings, init, calls }: Link): string => {
  const target = `${model}${variant === undefined ? '' : `@${variant}`}${other === undefined ? '' : `..${other}`}`;
  const way = [...(init === undefined ? [] : [`init ${init}`]), ...calls];
  return `#/${[target, settings.join(','), way.join(';')].map(encoded).join('/')}`;
};

/** What an address of a mail or a browser may hold as it is, is left as it is. */
const encoded = (part: string) =>
  encodeURIComponent(part.replaceAll(', ', ',')).replaceAll(/%(?:40|3D|2C|3B|5B|5D|3A)/g, decodeURIComponent);

/** Reads what `linkText` writes. Undefined for an address that says no model. */
export const linkIn = (hash: string): Link | undefined => {
  const [target = '', settings = '', calls = ''] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  const [model = '', variants = ''] = target.split('@');
  const [variant, other] = variants.split('..');
  if (model === '') return undefined;
  const [first = '', ...others] = parts(calls, ';');
  const init = /^init\s+(.*)$/.exec(first)?.[1];
  return {
    model,
    variant: variant || undefined,
    ...(other && { other }),
    settings: parts(settings, ','),
    ...(init === undefined ? { calls: parts(calls, ';') } : { init, calls: others }),
  };
};

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a percent sign that a mail program has cut off
  }
};

const parts = (text: string, by: string) =>
  text
    .split(by)
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** The link to a state of the model: what calls lead to it from the initial state, or from that of `init`. */
export const linkTo = (model: Model, scope: Scope, calls: readonly Command[], init?: string): Link => ({
  model: model.id,
  variant: scope.variant,
  settings: [
    ...scope.resized.map((name) => `${name}=${scope.config[name]}`),
    ...scope.flipped.map((name) => `${name}=${scope.switches[name]}`),
  ],
  ...(init !== undefined && { init }),
  calls: calls.map(callText),
});

/** The scope that a link speaks of. Throws a SpecError for what the model does not have. */
export const scopeFor = (model: Model, { variant, settings }: Link): Scope => {
  const config: Record<string, number> = {};
  const switches: Record<string, boolean | string> = {};
  for (const text of settings) {
    const [name = '', value = ''] = text.split('=');
    if (Object.hasOwn(model.config, name)) config[name] = value === '' ? Number.NaN : Number(value);
    else {
      const spec = model.switches[name];
      if (spec === undefined) throw new SpecError(`${model.id} has no parameter and no switch ${name}`);
      switches[name] = switchValues(spec).find((one) => String(one) === value) ?? value;
    }
  }
  return scopeOf(model, { variant, config, switches });
};
