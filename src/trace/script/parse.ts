import { SpecError } from '../../spec/errors.ts';
import type { System } from '../../spec/model.ts';
import type { Field, Path, Statement } from '../trace.ts';
import { readCall } from './call.ts';
import { readBase, readField } from './fields.ts';
import { withField } from './init.ts';
import { linesOf } from './lines.ts';
import { readModel } from './model.ts';
import { excerpt, isName, Scanner, words } from './scanner.ts';
import { ends, type Place, readPath } from './values.ts';
import { pathText } from './write.ts';

/*
 * A script is a text file of calls and expectations, one a line.
 *
 *   script    = { line newline }
 *   line      = [ model | call | expect | init | show ] [ "#" comment ]
 *   model     = "model" name [ "@" variant ] { name "=" word }   before anything else
 *   call      = name "(" [ argument { "," argument } ] ")" [ ( "->" | "=" ) result ]
 *   argument  = value | name "=" value                  positional ones first, in the order of the kernel function
 *   result    = outcome { "," "WARN" [ text ] }
 *   outcome   = "0" | "ok" | number | word | failure [ "(" reason ")" ]
 *   failure   = "-" errno | "-" number | "panic" | "disabled"
 *   expect    = "expect" [ path ":" ] field { field }
 *   init      = "init" [ path ":" ] field { field }     before the first call
 *   show      = "show" [ path ":" ] { path }
 *   field     = path "=" value                          no spaces around "="
 *   path      = name { "[" index [ "-" index ] "]" | "." name }
 *   value     = word | integer | "[" value { "," value } "]" | "{" name ":" value { "," name ":" value } "}"
 *
 * A name may begin with `__` and what the kernel puts before it: `__pkvm_host_share_hyp(0)` is `host_share_hyp(0)`. A call
 * without a result may return anything, but not panic, and no WARN may fire. A comment that has the line to itself is a heading. A
 * variant is compared by its kind, `{kind: leaf, level: 3}` also by fields. `host=OWNED`, where `host` is an array at the top of the
 * state, is `host[n]=OWNED` for the n that the latest call with an argument `pfn` gave it; `host[0-9]=OWNED` is for each of ten. The
 * whole script is read before its first call is made.
 */

/** Reads a script for a system. Throws a SpecError `file:line: ...` at the first line that is wrong. */
export const parseScript = (source: string | Uint8Array, file: string, system: System): Statement[] => {
  const statements: Statement[] = [];
  const reader = new Reader(system);
  let line = 0;
  for (const read of linesOf(source)) {
    line++;
    try {
      const statement = reader.read(read(), line);
      if (statement) statements.push(statement);
    } catch (error) {
      throw error instanceof SpecError ? new SpecError(`${file}:${line}: ${error.message}`) : error;
    }
  }
  if (!statements.some(({ kind }) => kind !== 'heading'))
    throw new SpecError(`${file}:1: there is no call; a line is, for example, ${exampleOf(system)} -> 0`);
  return statements;
};

/** Reads line after line; what a line means may depend on those before it. */
class Reader {
  readonly #system: System;
  readonly #top: Place;
  /** Whether a statement was read. */
  #isBegun = false;
  /** As `init` has made it. */
  #initial: unknown;
  /** Where the first call is. */
  #firstCall: number | undefined;
  /** What the latest call with an argument `pfn` gave it. */
  #pfn: number | undefined;

  constructor(system: System) {
    this.#system = system;
    this.#top = { path: [], shape: system.state.shape };
    this.#initial = system.initial;
  }

  read(source: string, line: number): Statement | undefined {
    const scanner = new Scanner(source);
    if (scanner.isAtEnd) {
      const text = words(scanner.rest().slice(1));
      return text === '' ? undefined : { kind: 'heading', line, text };
    }
    const statement = this.#statement(scanner, line);
    this.#isBegun = true;
    if (!scanner.isAtEnd) throw new SpecError(`${excerpt(scanner.until(''))} is too much`);
    return statement;
  }

  #statement(scanner: Scanner, line: number): Statement {
    const start = scanner.at;
    const word = scanner.word();
    scanner.skipSpaces();
    if (scanner.next !== '(') {
      if (word === 'model') return { kind: 'model', line, ...this.#model(scanner) };
      if (word === 'expect') return { kind: 'expect', line, fields: this.#fields(scanner, 'expect') };
      if (word === 'init') return { kind: 'init', line, ...this.#init(scanner) };
      if (word === 'show') return { kind: 'show', line, paths: this.#paths(scanner) };
    }
    if (!isName(word)) {
      scanner.backTo(start);
      throw new SpecError(
        `${excerpt(scanner.until(''))} is neither a call nor an expectation; a call is, for example, ${exampleOf(this.#system)} -> 0`,
      );
    }
    const call = readCall(word, scanner, this.#system);
    if ('pfn' in call.command && typeof call.command.pfn === 'number') this.#pfn = call.command.pfn;
    this.#firstCall ??= line;
    return { kind: 'call', line, ...call };
  }

  /** Which model that is was found out before: see `modelOf`. */
  #model(scanner: Scanner): Pick<Extract<Statement, { kind: 'model' }>, 'name' | 'settings'> {
    if (this.#isBegun) throw new SpecError('model comes before anything else, and once');
    return readModel(scanner);
  }

  #init(scanner: Scanner): Pick<Extract<Statement, { kind: 'init' }>, 'fields' | 'state'> {
    if (this.#firstCall !== undefined)
      throw new SpecError(`init comes before the first call, which is in line ${this.#firstCall}`);
    const fields = this.#fields(scanner, 'init');
    const state = fields.reduce((made, field) => withField(made, field, this.#system.state), this.#initial);
    const misfit = this.#system.state.misfit(state);
    if (misfit) throw new SpecError(`${misfit.path}: ${misfit.reason}`);
    this.#initial = state;
    return { fields, state };
  }

  #fields(scanner: Scanner, keyword: 'expect' | 'init'): Field[] {
    const fields: Field[] = [];
    const base = readBase(scanner, this.#top);
    while (!scanner.isAtEnd) {
      fields.push(readField(scanner, base, ends.field, (place) => this.#element(place)));
      checkGap(scanner);
    }
    if (fields.length === 0) throw new SpecError(`${keyword} what? write ${keyword} FIELD=VALUE`);
    return fields;
  }

  #paths(scanner: Scanner): Path[] {
    const paths: Path[] = [];
    const base = readBase(scanner, this.#top);
    while (!scanner.isAtEnd) {
      paths.push(readPath(scanner, base).path);
      checkGap(scanner);
    }
    return paths.length === 0 && base.path.length > 0 ? [base.path] : paths;
  }

  /** An array at the top that is compared with one value stands for the page that a call has named last. */
  #element(place: Place): Place {
    if (place.shape.kind !== 'array' || place.path.length !== 1) return place;
    const { length, element } = place.shape;
    const at = length === 1 ? 0 : this.#pfn;
    if (at !== undefined && at < length) return { path: [...place.path, at], shape: element.shape };
    const name = pathText(place.path);
    throw new SpecError(
      `${name} is an array, and no call has named one of its ${length} elements as pfn; write ${name}[0]=`,
    );
  }
}

const checkGap = (scanner: Scanner) => {
  if (!scanner.isAtGap) throw new SpecError(`${excerpt(scanner.until(' \t'))} is too much; a space is missing`);
};

/** A call with every argument named, as an example to follow. */
const exampleOf = (system: System): string => {
  const [first] = system.command.values();
  const { kind, ...args } = first!;
  return `${kind}(${Object.entries(args).map(([name, value]) => `${name}=${value}`)})`;
};
