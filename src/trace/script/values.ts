import { itemNamed } from '../../item-named.ts';
import type { Fields, Shape } from '../../spec/domain.ts';
import { SpecError } from '../../spec/errors.ts';
import type { Path, Span, Value } from '../trace.ts';
import { excerpt, isName, type Scanner } from './scanner.ts';
import { pathText } from './write.ts';

/** What ends a value: of an argument, of a field of the state, of an element of a list, of a field of a record. */
export const ends = { argument: ',)', field: ' \t', element: ',]', inRecord: ',}' } as const;

/** Reads a value of the shape, up to one of the characters in `end`. Throws a SpecError that says what would be right. */
export const readValue = (scanner: Scanner, shape: Shape, where: string, end: string): Value => {
  switch (shape.kind) {
    case 'flag':
      return readNamed(scanner, 'value', where, [false, true], end);
    case 'enum':
      return readNamed(scanner, 'value', where, shape.values, end);
    case 'range': {
      const text = scanner.until(end).trim();
      const value = numberIn(text);
      if (value !== undefined && value >= shape.min && value <= shape.max) return value;
      throw new SpecError(`${where}=${excerpt(text)} is not an integer from ${shape.min} to ${shape.max}`);
    }
    case 'variant': {
      if (scanner.next === '{') return readCase(scanner, shape, where);
      return readNamed(scanner, 'kind', where, Object.keys(shape.cases), end);
    }
    case 'array':
      return readList(scanner, shape, where);
    case 'record':
      if (scanner.next === '{') return readRecord(scanner, shape.fields, where);
      throw new SpecError(`${where} is a record; name one of its fields: ${Object.keys(shape.fields).join(', ')}`);
  }
};

/** An integer, decimal or with 0x; undefined for anything else. */
export const numberIn = (text: string): number | undefined => {
  const isNumber = /^-?\d+$/.test(text) || /^0x[\da-f]+$/i.test(text);
  return isNumber ? Number(text) + 0 : undefined;
};

const readNamed = <T extends string | number | boolean>(
  scanner: Scanner,
  what: string,
  where: string,
  items: readonly T[],
  end: string,
): T => {
  const found = scanner.oneOf(items.map(String), end);
  const text = found ?? scanner.until(end).trim();
  const value = found === undefined ? numberIn(text) : undefined;
  return items.find((item) => item === value) ?? itemNamed(`${what} of ${where}`, text, items);
};

const readList = (scanner: Scanner, { length, element }: Extract<Shape, { kind: 'array' }>, where: string): Value[] => {
  const wrong = () =>
    new SpecError(`${where} is an array of ${length}; write [v, ...] for all of it, or ${where}[0]=v`);
  if (!scanner.take('[')) throw wrong();
  const values: Value[] = [];
  scanner.skipSpaces();
  while (!scanner.take(']')) {
    if (values.length === length || (values.length > 0 && !scanner.take(','))) throw wrong();
    scanner.skipSpaces();
    values.push(readValue(scanner, element.shape, `${where}[${values.length}]`, ends.element));
    scanner.skipSpaces();
  }
  if (values.length !== length) throw wrong();
  return values;
};

/** `{kind: leaf, level: 3}`, the kind first. */
const readCase = (scanner: Scanner, { cases }: Extract<Shape, { kind: 'variant' }>, where: string): Value => {
  const kinds = Object.keys(cases);
  let kind: string | undefined;
  return readFields(scanner, where, (name) => {
    if (kind === undefined) {
      if (name !== 'kind') throw new SpecError(`${where} has kinds; write {kind: ${kinds[0]}, ...}, the kind first`);
      kind = readNamed(scanner, 'kind', where, kinds, ends.inRecord);
      return kind;
    }
    return readFieldOf(scanner, cases[kind]!, where, name);
  });
};

const readRecord = (scanner: Scanner, fields: Fields, where: string): Value =>
  readFields(scanner, where, (name) => readFieldOf(scanner, fields, where, name));

const readFieldOf = (scanner: Scanner, fields: Fields, where: string, name: string): Value => {
  itemNamed(`field of ${where}`, name, Object.keys(fields));
  return readValue(scanner, fields[name]!.shape, `${where}.${name}`, ends.inRecord);
};

const readFields = (scanner: Scanner, where: string, read: (name: string) => Value): Value => {
  const form = () => new SpecError(`${where} is written {name: value, ...}`);
  scanner.take('{');
  const fields = new Map<string, Value>();
  do {
    scanner.skipSpaces();
    const name = scanner.word();
    scanner.skipSpaces();
    if (name === '' || !scanner.take(':')) throw form();
    if (fields.has(name)) throw new SpecError(`${where}.${excerpt(name)} is given twice`);
    scanner.skipSpaces();
    fields.set(name, read(name));
    scanner.skipSpaces();
  } while (scanner.take(','));
  if (!scanner.take('}')) throw form();
  return Object.fromEntries(fields);
};

/** A place in the state, and what values it can have. */
export interface Place {
  readonly path: Path;
  readonly shape: Shape;
}

/** Reads a path that leads on from `base`. Throws a SpecError where there is no such place. */
export const readPath = (scanner: Scanner, base: Place): Place => {
  const start = scanner.at;
  let place = base;
  const first = scanner.word();
  if (!isName(first)) throw noPlace(scanner, start);
  place = fieldOf(place, first);
  for (;;) {
    if (scanner.take('[')) {
      const from = scanner.digits();
      const to = scanner.take('-') ? scanner.digits() : from;
      if (from === '' || to === '' || !scanner.take(']')) throw noPlace(scanner, start);
      place = elementsOf(place, from, to);
    } else if (scanner.take('.')) {
      const name = scanner.word();
      if (!isName(name)) throw noPlace(scanner, start);
      place = fieldOf(place, name);
    } else return place;
  }
};

const noPlace = (scanner: Scanner, start: number): SpecError => {
  scanner.backTo(start);
  return new SpecError(
    `${excerpt(scanner.until(' \t=')) || 'nothing'} is not a place in the state; write it as name[0].name`,
  );
};

const nameOf = ({ path }: Place): string => (path.length === 0 ? 'the state' : pathText(path));

const elementsOf = (place: Place, from: string, to: string): Place => {
  const { path, shape } = place;
  if (shape.kind !== 'array') throw new SpecError(`${nameOf(place)} is not an array`);
  const span: Span = { from: Number(from), to: Number(to) };
  const outside = [from, to].find((index) => Number(index) >= shape.length);
  if (outside !== undefined)
    throw new SpecError(
      shape.length === 0
        ? `${nameOf(place)} has no elements`
        : `${nameOf(place)} has the elements 0 to ${shape.length - 1}, not ${excerpt(outside)}`,
    );
  if (span.from > span.to) throw new SpecError(`${nameOf(place)}[${from}-${to}] ends before it begins`);
  return { path: [...path, span.from === span.to ? span.from : span], shape: shape.element.shape };
};

const fieldOf = (place: Place, name: string): Place => {
  const { path, shape } = place;
  if (shape.kind === 'array')
    throw new SpecError(`${nameOf(place)} is an array of ${shape.length}; write ${nameOf(place)}[0].${excerpt(name)}`);
  const fields = shape.kind === 'record' ? shape.fields : shape.kind === 'variant' ? fieldsOfCases(shape.cases) : {};
  itemNamed(`field of ${nameOf(place)}`, name, Object.keys(fields));
  return { path: [...path, name], shape: fields[name]!.shape };
};

/** The fields of all cases: which exist is known when the expectation is looked at. */
const fieldsOfCases = (cases: Readonly<Record<string, Fields>>): Fields => Object.assign({}, ...Object.values(cases));
