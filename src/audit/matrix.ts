import type { LifeCycle, Movement } from './result.ts';

/** What calls about a page of one class, by one command, come to. None: the command cannot be given, or not about such a page. */
export type Cell = readonly Movement[];

/** The commands, or threads' steps, that are ever about a page are the columns, the classes the rows. */
export interface Matrix {
  readonly commands: readonly string[];
  readonly rows: readonly { readonly from: string; readonly cells: readonly Cell[] }[];
}

export const matrixOf = ({ classes, commands, movements }: LifeCycle): Matrix => {
  const named = movements.filter((one) => one.named);
  const columns = commands.filter((command) => named.some((one) => one.command === command));
  return {
    commands: columns,
    rows: classes.map((from) => ({
      from,
      cells: columns.map((command) => named.filter((one) => one.from === from && one.command === command)),
    })),
  };
};
