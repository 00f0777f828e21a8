import { h } from 'preact';
import type { Choice } from '../session.ts';
import { valueWords } from '../tree.ts';
import { tones } from './state.ts';

/** Calls of a command by its two arguments: a row for each value of the first, a column for each of the second. */
interface Grid {
  readonly names: readonly [string, string];
  readonly columns: readonly string[];
  readonly rows: readonly { readonly value: string; readonly cells: readonly (Choice | undefined)[] }[];
}

/** A table with more columns is no easier to read than a list. */
const mostColumns = 8;

/** Undefined where the command has not two arguments, or too few or too many values of them for a table. */
export const gridOf = (choices: readonly Choice[]): Grid | undefined => {
  const names = Object.keys(choices[0]?.command ?? {}).filter((name) => name !== 'kind');
  const [first, second] = names;
  if (first === undefined || second === undefined || names.length > 2) return undefined;
  const valuesOf = (name: string) => [...new Set(choices.map(({ command }) => argumentOf(command, name)))];
  const [values, columns] = [valuesOf(first), valuesOf(second)];
  if (values.length < 2 || columns.length < 2 || columns.length > mostColumns) return undefined;
  const cellOf = (value: string, column: string) =>
    choices.find(({ command }) => argumentOf(command, first) === value && argumentOf(command, second) === column);
  return {
    names: [first, second],
    columns,
    rows: values.map((value) => ({ value, cells: columns.map((column) => cellOf(value, column)) })),
  };
};

const argumentOf = (command: object, name: string) => valueWords(Reflect.get(command, name));

/** What a button of a call does. */
export interface CallHandlers {
  readonly class: string;
  readonly 'aria-disabled': boolean;
  readonly onClick: () => void;
  readonly onFocus: (event: FocusEvent) => void;
  readonly onBlur: () => void;
  readonly onMouseEnter: () => void;
  readonly onMouseLeave: () => void;
}

interface GridProps {
  readonly grid: Grid;
  readonly kind: string;
  readonly handlers: (choice: Choice) => CallHandlers;
}

export const GridView = ({ grid: { names, columns, rows }, kind, handlers }: GridProps) =>
  h(
    'div',
    { class: 'grid' },
    h(
      'table',
      { 'aria-label': `${kind} by ${names.join(' and ')}` },
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col', class: 'soft' }, `${names[0]} \\ ${names[1]}`),
          ...columns.map((column) => h('th', { scope: 'col' }, column)),
        ),
      ),
      h(
        'tbody',
        null,
        ...rows.map(({ value, cells }) =>
          h(
            'tr',
            { key: value },
            h('th', { scope: 'row' }, value),
            ...cells.map((choice) => h('td', null, choice && cell(choice, handlers(choice)))),
          ),
        ),
      ),
    ),
  );

const cell = (choice: Choice, handlers: CallHandlers) =>
  h(
    'button',
    { ...handlers, type: 'button', title: choice.result },
    h('span', { class: 'hidden' }, `${choice.command.kind} ${choice.text.slice(choice.text.indexOf('(') + 1, -1)} `),
    h('span', { class: choice.warns ? 'warn' : tones[choice.kind] }, shortly(choice)),
  );

/** The reason is told above the drawing while the pointer or the focus is on the cell. */
const shortly = ({ kind, outcome }: Choice): string => {
  if (outcome?.result === 'refused') return `-${outcome.errno}`;
  return { changes: 'ok', same: 'no change', refused: '', panic: 'panic', disabled: '-', failed: 'fails' }[kind];
};
