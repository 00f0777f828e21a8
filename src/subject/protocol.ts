import * as v from 'valibot';
import { isInteger, show } from '../spec/domain.ts';
import { type Errno, isErrno } from '../spec/errno.ts';
import type { Command } from '../spec/model.ts';
import type { Returned } from '../spec/outcome.ts';
import type { Scope } from '../system/scope.ts';

/** The version of the protocol that README.md describes. */
const protocolVersion = 1;

/** What a subject says it is. */
export interface Hello {
  readonly model: string;
  readonly variant?: string | undefined;
  readonly config: Readonly<Record<string, number>>;
  readonly calls: readonly string[];
  readonly snapshots: boolean;
  /** Paths of the state's fields that it leaves out, as `vms[].memcache`. */
  readonly unobserved: readonly string[];
  readonly name?: string | undefined;
  readonly rivals: readonly string[];
}

/** What a call did, without the state. Equal texts give the very same object. */
export interface Head {
  readonly result: 'ok' | 'panic' | 'disabled' | Errno;
  readonly value?: Returned | undefined;
  /** '' where the subject says none. */
  readonly reason: string;
  readonly warnings: readonly string[];
  /** Of a run with a call on a second CPU. */
  readonly rival?: Omit<Head, 'rival' | 'points'> | undefined;
  readonly points?: number | undefined;
}

/** A state that a subject printed. Equal states are the very same object. */
export interface Printed {
  /** Canonical; or what was printed, if that is outside the domain. */
  readonly state: unknown;
  /** Where and why it is outside the domain. */
  readonly misfit: string | undefined;
  /** The text of the state, for comparison. */
  readonly key: string;
}

/** An answer to a call; its state is undefined where the subject says that it is the one before. */
export interface Answer {
  readonly head: Head;
  readonly printed: Printed | undefined;
}

/** Something in an answer is not as the protocol has it. The message is the end of a sentence about the subject. */
export class Misspoken extends Error {}

/** The first request, without its end of line. `scope`: what is going to be asked. */
export const helloRequest = (id: number, { model, variant, config, switches }: Scope): string =>
  JSON.stringify({
    _id: id,
    _hello: protocolVersion,
    _model: model,
    _variant: variant,
    _config: config,
    _switches: switches,
  });

/** `"_call":"map","pages":"0-1"`: a call with its arguments, as a part of a request. */
export const callPart = ({ kind, ...args }: Command): string => JSON.stringify({ _call: kind, ...args }).slice(1, -1);

/** Where a request starts from, and where the state that it leads to is kept. */
export interface Slots {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** `part`: `"_reset":true`, or a call. */
export const request = (id: number, part: string, { from, to }: Slots = {}): string =>
  `{"_id":${id}${from === undefined ? '' : `,"_from":${from}`}${to === undefined ? '' : `,"_to":${to}`},${part}}`;

const names = v.array(v.string());
/** Kernel texts end in a newline, and some have several. Reports give each one line, so that no text looks like lines of a report. */
const oneLine = v.pipe(
  v.string(),
  v.transform((text) => text.trim().replaceAll(/\s*[\r\n\u2028\u2029]+\s*/g, ' ')),
);
const helloSchema = v.strictObject({
  id: v.number(),
  protocol: v.number(),
  model: v.string(),
  calls: names,
  variant: v.optional(v.string()),
  config: v.optional(v.record(v.string(), v.number()), {}),
  snapshots: v.optional(v.boolean(), false),
  unobserved: v.optional(names, []),
  name: v.optional(oneLine),
  rivals: v.optional(names, []),
});

const resultEntries = {
  result: v.custom<Head['result']>(
    (value) => value === 'ok' || value === 'panic' || value === 'disabled' || isErrno(value),
    'not ok, panic, disabled or the name of an errno',
  ),
  value: v.optional(
    v.custom<Returned>(
      (value) => (typeof value === 'number' ? isInteger(value) && value >= 0 : /^[A-Za-z_]\w*$/.test(String(value))),
      'neither a number from 0 on nor a name',
    ),
  ),
  reason: v.optional(oneLine, ''),
  warnings: v.optional(v.array(v.pipe(oneLine, v.nonEmpty())), []),
};
const headSchema = v.strictObject({
  ...resultEntries,
  rival: v.optional(v.strictObject(resultEntries)),
  points: v.optional(v.number()),
});

/** Reads a value by its schema. Throws a Misspoken that names the place. */
const read = <S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> => {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  throw new Misspoken(
    path === null ? `its answer is ${show(value)}` : `its answer has ${path}=${show(issue.input)}: ${issue.message}`,
  );
};

/** An answer as an object. Throws a Misspoken for a line that is none, and for the answer to another request. */
const parsed = (line: string, id: number): Readonly<Record<string, unknown>> => {
  const text = utf8(line);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Misspoken(`printed what is no answer: ${shortened(text)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Misspoken(`printed what is no answer: ${shortened(text)}`);
  const answer = value as Readonly<Record<string, unknown>>;
  if (answer.id !== id) throw new Misspoken(`answered request ${show(answer.id)}, which is not the one that was due`);
  if (answer.error !== undefined) throw new Misspoken(`gave up: ${show(answer.error)}`);
  return answer;
};

/** Lines come as bytes; what is new is read as what it is. */
const utf8 = (line: string): string => Buffer.from(line, 'latin1').toString();

const shortened = (text: string): string => JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}...` : text);

/** The answer to hello. Throws a Misspoken. */
export const readHello = (line: string, id: number): Hello => {
  const answer = parsed(line, id);
  if (answer.protocol !== protocolVersion)
    throw new Misspoken(
      `speaks version ${show(answer.protocol)} of the protocol, and pagelaw version ${protocolVersion}; build it with the kit of this pagelaw`,
    );
  return read(helloSchema, answer);
};

/** More texts than this are not kept. */
const mostHeads = 10_000;

/**
 * Reads answers. A subject gives some hundred different results and prints each of its states many times: each text is parsed and
 * validated when it comes for the first time, and known by its text from then on.
 */
export class Reader {
  /** By the text of the answer between its id and its state. */
  readonly #heads = new Map<string, Head>();
  /** By what was read of it. */
  readonly #read = new Map<string, Head>();
  readonly #states = new Map<string, Printed>();
  readonly #understand: (value: unknown) => Printed;

  /** `understand` says which state a parsed text is. */
  constructor(understand: (value: unknown) => Printed) {
    this.#understand = understand;
  }

  /** Throws a Misspoken for what is no answer to request `id`. */
  answer(line: string, id: number): Answer {
    const prefix = `{"id":${id},`;
    if (!line.startsWith(prefix)) return this.#slowly(line, id);
    const at = line.indexOf('"state":', prefix.length);
    const head = this.#heads.get(at < 0 ? line.slice(prefix.length) : line.slice(prefix.length, at));
    if (!head) return this.#slowly(line, id);
    if (at < 0) return { head, printed: undefined };
    const printed = this.#states.get(line.slice(at + 8, -1));
    return printed ? { head, printed } : this.#slowly(line, id);
  }

  /** As well, and remembers what it read. */
  #slowly(line: string, id: number): Answer {
    const { id: _, state, same, ...rest } = parsed(line, id);
    if (same !== undefined && same !== true)
      throw new Misspoken(`its answer has same=${show(same)}: it is true or left out`);
    if ((state === undefined) === (same === undefined))
      throw new Misspoken(`its answer has ${state === undefined ? 'neither state nor same' : 'both state and same'}`);
    const head = this.#headOf(rest);
    const prefix = `{"id":${id},`;
    const at = line.indexOf('"state":', prefix.length);
    if (this.#heads.size > mostHeads) this.#heads.clear();
    if (state === undefined) {
      if (line.startsWith(prefix)) this.#heads.set(line.slice(prefix.length), head);
      return { head, printed: undefined };
    }
    const tail = line.slice(at + 8, -1);
    const isLast = at >= 0 && line.startsWith(prefix) && line.endsWith('}') && isJson(tail);
    if (isLast) this.#heads.set(line.slice(prefix.length, at), head);
    const known = isLast ? this.#states.get(tail) : undefined;
    if (known) return { head, printed: known };
    const printed = this.#understood(state);
    if (isLast) this.#states.set(tail, printed);
    return { head, printed };
  }

  #headOf(parts: object): Head {
    const text = JSON.stringify(parts);
    const known = this.#read.get(text);
    if (known) return known;
    const head: Head = Object.freeze(read(headSchema, parts));
    if (this.#read.size > mostHeads) this.#read.clear();
    this.#read.set(text, head);
    return head;
  }

  #understood(state: unknown): Printed {
    try {
      return this.#understand(state);
    } catch (error) {
      if (error instanceof RangeError) throw new Misspoken('its answer has a state that is nested too deep to be read');
      throw error;
    }
  }
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
