import { itemNamed } from '../../item-named.ts';
import { SpecError } from '../../spec/errors.ts';
import { type Model, switchValues } from '../../spec/model.ts';
import { linesOf } from './lines.ts';
import { excerpt, Scanner } from './scanner.ts';

/** `pkvm-mmio@v4` or `./my-model.mts@v4`, and `name=value` for what differs in configuration and switches, as written. */
export interface Named {
  readonly name: string;
  readonly settings: readonly string[];
}

/** Reads what stands behind the word `model`. */
export const readModel = (scanner: Scanner): Named => {
  scanner.skipSpaces();
  const name = scanner.until(' \t');
  if (!/^[^@=]+(@[^@=]+)?$/.test(name))
    throw new SpecError(`${excerpt(name) || 'nothing'} is not a model; write model NAME or model NAME@VARIANT`);
  const settings: string[] = [];
  while (!scanner.isAtEnd) {
    settings.push(readSetting(scanner));
  }
  return { name, settings };
};

/** `pages=2`, or `end='inclusive end'` where the value has spaces. Returns it without the quotes. */
const readSetting = (scanner: Scanner): string => {
  const name = scanner.word();
  if (name !== '' && (scanner.take("='") || scanner.take('="'))) {
    const quote = scanner.previous;
    const value = scanner.quoted(quote);
    if (value === undefined) throw new SpecError(`the quote after ${name}= is not closed`);
    if (!scanner.isAtGap) throw new SpecError(`${excerpt(scanner.until(' \t'))} follows the quoted value of ${name}`);
    return `${name}=${value}`;
  }
  const setting = name + scanner.until(' \t');
  if (!/^\w+=[^=]+$/.test(setting))
    throw new SpecError(`${excerpt(setting)} is not NAME=VALUE; a value with spaces is written in quotes`);
  return setting;
};

/** What a script names in its first statement; undefined if that is another one. Throws a SpecError `file:line: ...`. */
export const modelOf = (source: string | Uint8Array, file: string): Named | undefined => {
  let line = 0;
  for (const read of linesOf(source)) {
    line++;
    const scanner = scannerOf(read);
    if (scanner?.isAtEnd) continue;
    if (scanner?.word() !== 'model') return undefined;
    scanner.skipSpaces();
    if (scanner.next === '(') return undefined;
    try {
      return readModel(scanner);
    } catch (error) {
      throw error instanceof SpecError ? new SpecError(`${file}:${line}: ${error.message}`) : error;
    }
  }
  return undefined;
};

/** Undefined for a line that cannot be read: whoever reads the whole script says why. */
const scannerOf = (read: () => string): Scanner | undefined => {
  try {
    return new Scanner(read());
  } catch {
    return undefined;
  }
};

/**
 * The settings as values of the model's configuration and switches; where a parameter and a switch have one name, an integer is the
 * parameter's. Throws a SpecError for a name that the model does not have.
 */
export const settingsIn = (settings: readonly string[], model: Model) => {
  const config: Record<string, number> = {};
  const switches: Record<string, boolean | string> = {};
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
    itemNamed(`config parameter or switch of ${model.id}`, name, [
      ...Object.keys(model.config),
      ...Object.keys(model.switches),
    ]);
    const isInteger = /^-?\d+$/.test(value);
    const isParameter = Object.hasOwn(model.config, name) && (isInteger || !Object.hasOwn(model.switches, name));
    if (Object.hasOwn(isParameter ? config : switches, name)) throw new SpecError(`${name} is given twice`);
    if (isParameter) {
      if (!isInteger) throw new SpecError(`${setting} is not an integer`);
      config[name] = Number(value);
    } else switches[name] = switchValues(model.switches[name]!).find((one) => String(one) === value) ?? value;
  }
  return { config, switches };
};
