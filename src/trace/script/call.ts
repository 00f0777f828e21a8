import { itemNamed } from '../../item-named.ts';
import type { Fields } from '../../spec/domain.ts';
import { SpecError } from '../../spec/errors.ts';
import type { Command, System } from '../../spec/model.ts';
import type { Expected, Value } from '../trace.ts';
import { readExpected } from './expected.ts';
import { excerpt, isName, Scanner } from './scanner.ts';
import { ends, readValue } from './values.ts';

/** Reads a call from its opening bracket on, with the result behind it if there is one. `written`: its name in the script. */
export const readCall = (
  written: string,
  scanner: Scanner,
  system: System,
): { readonly command: Command; readonly expected?: Expected } => {
  const command = readCommand(written, scanner, system);
  if (scanner.isAtEnd) return { command };
  if (!scanner.take('->') && !scanner.take('='))
    throw new SpecError(`${excerpt(scanner.until(''))} after the call; a result is written -> 0 or -> -EPERM`);
  return { command, expected: readExpected(scanner) };
};

/** A call and nothing else: `host_share_hyp(pfn=0)`. Throws a SpecError that says what would be right. */
export const commandIn = (text: string, system: System): Command => {
  const scanner = new Scanner(text);
  const command = readCommand(scanner.word(), scanner, system);
  if (scanner.isAtEnd) return command;
  throw new SpecError(`${excerpt(scanner.until(''))} after the call`);
};

export const readCommand = (written: string, scanner: Scanner, system: System): Command => {
  const cases = casesOf(system);
  const kind = kindOf(written, Object.keys(cases));
  const form = `${kind}(${Object.keys(cases[kind]!).join(', ')})`;
  if (!scanner.take('(')) throw new SpecError(`${excerpt(written)} is not followed by its arguments; write ${form}`);
  const command = { kind, ...argumentsOf(kind, cases[kind]!, scanner, form) };
  const misfit = system.command.misfit(command);
  if (misfit) throw new SpecError(`${form}: ${misfit.path}: ${misfit.reason}`);
  return command;
};

/** A call of which only some arguments are told. */
export interface CallPattern {
  /** The command's kind. */
  readonly call: string;
  readonly arguments: Readonly<Record<string, Value>>;
}

/** Reads a call from behind its name on; arguments that are left out, or the brackets, stand for any. */
export const readPattern = (written: string, scanner: Scanner, system: System): CallPattern => {
  const cases = casesOf(system);
  const call = kindOf(written, Object.keys(cases));
  const form = `${call}(${Object.keys(cases[call]!).join(', ')})`;
  return { call, arguments: scanner.take('(') ? givenArguments(call, cases[call]!, scanner, form) : {} };
};

/** The arguments of each call, by its name. */
export const casesOf = ({ command }: System): Readonly<Record<string, Fields>> =>
  command.shape.kind === 'variant' ? command.shape.cases : {};

/** The call's name, with or without what the kernel puts before it. */
const kindOf = (written: string, kinds: readonly string[]): string => {
  if (kinds.includes(written)) return written;
  const [longest] = kinds
    .filter((kind) => written.startsWith('__') && written.endsWith(`_${kind}`))
    .sort((a, b) => b.length - a.length);
  return longest ?? itemNamed('call', written.replace(/^__(pkvm_)?/, ''), kinds);
};

/** What stands between the brackets, the first of which has been read. */
const argumentsOf = (kind: string, fields: Fields, scanner: Scanner, form: string): Readonly<Record<string, Value>> => {
  const given = givenArguments(kind, fields, scanner, form);
  const missing = Object.keys(fields).find((name) => !Object.hasOwn(given, name));
  if (missing !== undefined) throw new SpecError(`${missing} is missing; write ${form}`);
  return given;
};

/** The same, where arguments may be missing; in the order of the domain. */
const givenArguments = (
  kind: string,
  fields: Fields,
  scanner: Scanner,
  form: string,
): Readonly<Record<string, Value>> => {
  const names = Object.keys(fields);
  const given = new Map<string, Value>();
  let isNamed = false;
  scanner.skipSpaces();
  while (!scanner.take(')')) {
    if (given.size > 0 && !scanner.take(',')) throw new SpecError(`a bracket is not closed; write ${form}`);
    scanner.skipSpaces();
    const name = takesName(scanner);
    const positional = names[given.size];
    if (name === undefined && (isNamed || positional === undefined)) {
      const text = excerpt(scanner.until(ends.argument)) || 'nothing';
      if (isNamed) throw new SpecError(`${text} has no name but follows an argument that has; write ${form}`);
      throw new SpecError(`${text} is one argument too many; write ${form}`);
    }
    isNamed ||= name !== undefined;
    const of = name === undefined ? positional! : itemNamed(`argument of ${kind}`, name, names);
    if (given.has(of)) throw new SpecError(`${of} is given twice; write ${form}`);
    given.set(of, readValue(scanner, fields[of]!.shape, of, ends.argument));
    scanner.skipSpaces();
  }
  return Object.fromEntries(names.flatMap((name) => (given.has(name) ? [[name, given.get(name)!]] : [])));
};

/** Steps over `name =` if that comes next. */
const takesName = (scanner: Scanner): string | undefined => {
  const start = scanner.at;
  const name = scanner.word();
  scanner.skipSpaces();
  if (isName(name) && scanner.take('=')) {
    scanner.skipSpaces();
    return name;
  }
  scanner.backTo(start);
  return undefined;
};
