import { itemNamed } from '../../item-named.ts';
import { SpecError } from '../../spec/errors.ts';
import { type Command, describeCommand, type System } from '../../spec/model.ts';
import type { Expected, Field } from '../trace.ts';
import { type CallPattern, casesOf, readCommand, readPattern } from './call.ts';
import { readResult } from './expected.ts';
import { readBase, readField } from './fields.ts';
import { excerpt, isName, Scanner, words } from './scanner.ts';
import type { Place } from './values.ts';
import { pathText } from './write.ts';

/*
 * A query is one line, of the parts that a script has. `and` binds more closely than `or`, and `not` most closely.
 *
 *   query     = either [ "after" call { ";" call } ]
 *   either    = both { "or" both }
 *   both      = one { "and" one }
 *   one       = "not" one | "(" either ")" | state | call | warn
 *   state     = [ path ":" ] field { field }            as behind `expect`
 *   call      = name [ "(" arguments ")" ] [ "->" result ] | "->" result
 *   warn      = "WARN" [ '"' text '"' ]
 *
 * An argument that is left out may be any. A result has no WARN behind it: `and WARN "text"` says that. A WARN matches if its text
 * has the given one in it.
 */

/** What is asked of a state, or of a call and the state in which it is made. */
export type Condition =
  | { readonly kind: 'state'; readonly fields: readonly Field[] }
  | { readonly kind: 'call'; readonly pattern?: CallPattern; readonly expected?: Expected }
  | { readonly kind: 'warn'; readonly text?: string }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] };

export interface Query {
  readonly condition: Condition;
  /** The calls after which the search begins. */
  readonly after: readonly Command[];
}

/** Reads a query. Throws a SpecError that says what would be right. */
export const parseQuery = (text: string, system: System): Query => new Reader(text, system).query();

class Reader {
  readonly #scanner: Scanner;
  readonly #system: System;
  readonly #top: Place;

  constructor(text: string, system: System) {
    if (/[\r\n]/.test(text)) throw new SpecError('a query is one line');
    this.#scanner = new Scanner(text);
    this.#system = system;
    this.#top = { path: [], shape: system.state.shape };
  }

  query(): Query {
    const condition = this.#either();
    const after = this.#takes('after') ? this.#calls() : [];
    if (!this.#scanner.isAtEnd)
      throw new SpecError(
        `${excerpt(this.#scanner.rest())} is too much; conditions are joined by and, or, and end with after CALLS`,
      );
    return { condition, after };
  }

  #either(): Condition {
    return this.#joined('or', () => this.#joined('and', () => this.#one()));
  }

  #joined(kind: 'and' | 'or', read: () => Condition): Condition {
    const of = [read()];
    while (this.#takes(kind)) of.push(read());
    return of.length === 1 ? of[0]! : { kind, of };
  }

  #one(): Condition {
    const scanner = this.#scanner;
    if (this.#takes('not')) return { kind: 'not', of: this.#one() };
    if (scanner.take('(')) {
      const inner = this.#either();
      scanner.skipSpaces();
      if (!scanner.take(')')) throw new SpecError('a bracket is not closed');
      return inner;
    }
    if (this.#takes('WARN')) return this.#warn();
    if (scanner.take('->')) return { kind: 'call', expected: this.#result() };
    const start = scanner.at;
    const name = scanner.word();
    const after = scanner.next;
    scanner.backTo(start);
    if (!isName(name))
      throw new SpecError(
        `${excerpt(scanner.rest()) || 'nothing'} is no condition; one is, for example, ${exampleOf(this.#system)} -> 0`,
      );
    if (after === '=' || after === '.' || after === '[' || after === ':') return this.#state();
    if (after !== '(' && !this.#isCall(name)) this.#unknown(name);
    scanner.word();
    const pattern = readPattern(name, scanner, this.#system);
    scanner.skipSpaces();
    return scanner.take('->') ? { kind: 'call', pattern, expected: this.#result() } : { kind: 'call', pattern };
  }

  #isCall(name: string): boolean {
    const kinds = Object.keys(casesOf(this.#system));
    return kinds.includes(name) || name.startsWith('__');
  }

  #unknown(name: string): void {
    const { shape } = this.#top;
    const fields = shape.kind === 'record' ? Object.keys(shape.fields) : [];
    if (fields.includes(name)) throw new SpecError(`what is ${name} to be? write ${name}=VALUE, without spaces`);
    itemNamed('call or field', name, [...Object.keys(casesOf(this.#system)), ...fields]);
  }

  #state(): Condition {
    const scanner = this.#scanner;
    const fields: Field[] = [];
    const base = readBase(scanner, this.#top);
    scanner.skipSpaces();
    do {
      fields.push(readField(scanner, base, ' \t)', elementOf));
      if (!scanner.isAtGap && scanner.next !== ')')
        throw new SpecError(`${excerpt(scanner.until(' \t'))} is too much; a space is missing`);
      scanner.skipSpaces();
    } while (this.#isField());
    return { kind: 'state', fields };
  }

  /** Whether a name comes next that is none of the words that join conditions. */
  #isField(): boolean {
    const scanner = this.#scanner;
    const start = scanner.at;
    const name = scanner.word();
    const isField = isName(name) && (!joining.includes(name) || '=.['.includes(scanner.next || ' '));
    scanner.backTo(start);
    return isField;
  }

  #result(): Expected {
    const expected = readResult(this.#scanner);
    if (expected.result !== 'disabled') return expected;
    throw new SpecError('a call that is disabled is none, so none can be found; ask for the state in which it is');
  }

  #warn(): Condition {
    const scanner = this.#scanner;
    if (!scanner.take('"')) return { kind: 'warn' };
    const text = words(scanner.through('"'));
    if (!scanner.take('"')) throw new SpecError('the text of the WARN has no closing quote; write WARN "text"');
    if (text === '') throw new SpecError('WARN "" has no text; write WARN for any');
    return { kind: 'warn', text };
  }

  #calls(): Command[] {
    const scanner = this.#scanner;
    const calls: Command[] = [];
    do {
      scanner.skipSpaces();
      const name = scanner.word();
      if (!isName(name))
        throw new SpecError(`after what? write after ${exampleOf(this.#system)}, and ; between several calls`);
      calls.push(readCommand(name, scanner, this.#system));
      scanner.skipSpaces();
    } while (scanner.take(';'));
    return calls;
  }

  /** Steps over the word if it comes next. */
  #takes(word: string): boolean {
    const scanner = this.#scanner;
    scanner.skipSpaces();
    const start = scanner.at;
    if (scanner.word() === word && !'=.['.includes(scanner.next || ' ')) {
      scanner.skipSpaces();
      return true;
    }
    scanner.backTo(start);
    return false;
  }
}

const joining = ['and', 'or', 'after'];

/** An array is compared with one value only where it has one element. */
const elementOf = (place: Place): Place => {
  const { path, shape } = place;
  if (shape.kind !== 'array') return place;
  if (shape.length === 1) return { path: [...path, 0], shape: shape.element.shape };
  const name = pathText(path);
  throw new SpecError(`${name} is an array of ${shape.length}; write ${name}[0]=, or ${name}[0-${shape.length - 1}]=`);
};

const exampleOf = (system: System): string => {
  const [first] = system.command.values();
  return describeCommand(first!);
};
