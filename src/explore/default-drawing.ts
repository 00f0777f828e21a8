import type { Drawing } from '../spec/drawing.ts';
import { valueWords } from './tree.ts';

/** How a state is drawn where its model does not say: a table for each array and each record in it, and one for the scalars. */
export const defaultDrawing = (state: unknown): readonly Drawing[] => {
  const fields = Object.entries(state as object);
  const tables = fields.filter(([, value]) => isObject(value));
  const scalars = fields.filter(([, value]) => !isObject(value));
  return [
    ...tables.map(([name, value]) => table(name, value as object)),
    ...(scalars.length === 0
      ? []
      : [
          {
            title: 'state',
            columns: ['value'],
            lines: scalars.map(([name, value]) => ({ name, cells: [valueWords(value)] })),
          },
        ]),
  ];
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const table = (title: string, value: object): Drawing => {
  const rows = Object.entries(value);
  const columns = [...new Set(rows.flatMap(([, row]) => (isRecord(row) ? Object.keys(row) : [])))];
  const nameOf = (key: string) => (Array.isArray(value) ? `[${key}]` : key);
  if (columns.length === 0)
    return {
      title,
      columns: ['value'],
      lines: rows.map(([key, row]) => ({ name: nameOf(key), cells: [valueWords(row)] })),
    };
  const cellsOf = (row: unknown) =>
    isRecord(row)
      ? columns.map((column) => (Object.hasOwn(row, column) ? valueWords(row[column]) : ''))
      : [valueWords(row), ...columns.slice(1).map(() => '')];
  return { title, columns, lines: rows.map(([key, row]) => ({ name: nameOf(key), cells: cellsOf(row) })) };
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isObject(value) && !Array.isArray(value);
