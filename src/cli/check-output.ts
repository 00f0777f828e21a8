import type { CheckResult } from '../job/check.ts';
import { checkOverview, detailBlocks, summaryBlock, tableBlocks, tableKey } from '../report/check-overview.ts';
import { corpusBlocks, type Kept } from '../report/corpus.ts';
import type { Block } from '../report/document.ts';
import { githubErrors } from '../report/github.ts';
import { checkJson } from '../report/json.ts';
import { matrixBlocks, matrixJson } from '../report/matrix.ts';
import { terminalText } from '../report/render/text.ts';
import type { Report } from '../report/report.ts';
import type { Unfinished } from '../report/summary.ts';
import type { Console } from './console.ts';
import { documentIn, type Format, formatted, jsonText } from './formats.ts';
import type { Planned } from './plan.ts';

/** How the results of `check` are printed. */
export interface OutputOptions {
  readonly format: Format<'check'>;
  readonly matrix: boolean;
  readonly coverage: boolean;
  /** Whether what was checked was asked for by name, so that all is told of it. */
  readonly inFull: boolean;
}

/** What was found, in the order of the plan, and what ended the checks before the last one. */
interface Found {
  readonly results: readonly CheckResult[];
  readonly reports: readonly Report[];
  readonly unfinished: Unfinished | undefined;
}

/** The counterexamples that were kept, and what became of them. */
export const printCorpus = (directory: string, kept: readonly Kept[], format: Format<'check'>, console: Console) => {
  if (kept.length === 0) return;
  const text = `${terminalText(corpusBlocks(directory, kept), console.colour)}\n`;
  if (format === 'text') console.out(text);
  else if (format !== 'json') console.err(text);
};

/** The results in a format that is a whole only at the end. */
export const printFound = (
  { results, reports, unfinished }: Found,
  kept: readonly Kept[],
  { format, matrix, coverage, inFull }: OutputOptions,
  console: Console,
) => {
  try {
    if (matrix) console.out(matrixIn(format, { results, unfinished }, kept, console));
    else if (format === 'json') console.out(jsonText(checkJson(results, kept, unfinished)));
    else if (format !== 'text') {
      const made = formatted(format, reports);
      if (made === '' && format === 'itf')
        console.err('pagelaw: no counterexample was found, so there is no trace to write\n');
      console.out(made);
    }
  } catch (error) {
    // That ITF has room for one trace is no fault of what was found.
    if (format !== 'text' && format !== 'itf')
      console.err(terminalText(checkOverview(results, { inFull, coverage, unfinished }), console.colour));
    throw error;
  }
  if (console.annotates && format !== 'github') console.err(githubErrors(reports));
};

const matrixIn = (
  format: Format<'check'>,
  { results, unfinished }: Omit<Found, 'reports'>,
  kept: readonly Kept[],
  console: Console,
): string => {
  if (format === 'json') return jsonText(matrixJson(results, kept, unfinished));
  const shown = format === 'mail' || format === 'markdown' ? format : 'text';
  return documentIn(shown, matrixBlocks(results, unfinished), console.colour);
};

/** The results of one table, of one kind of search: variants of a model in one configuration. */
interface Table {
  readonly key: string;
  missing: number;
  readonly results: CheckResult[];
}

/**
 * Prints the results of `check` as text while they come in: a table as soon as all of its searches have ended, the traces of a model as
 * soon as all of its tables are there, and the summary at the end.
 */
export class TextStream {
  readonly #options: Omit<OutputOptions, 'format' | 'matrix'>;
  readonly #console: Console;
  /** By model, in the order of the plan. */
  readonly #models: { readonly tables: Table[]; readonly results: CheckResult[] }[] = [];

  constructor(planned: readonly Planned[], options: Omit<OutputOptions, 'format' | 'matrix'>, console: Console) {
    this.#options = options;
    this.#console = console;
    const models = new Map<string, Table[]>();
    for (const { job, scope } of planned) {
      const tables = models.get(scope.model) ?? [];
      models.set(scope.model, tables);
      const key = tableKey({ scope, search: job.search });
      const table = tables.find((one) => one.key === key);
      if (table) table.missing++;
      else tables.push({ key, missing: 1, results: [] });
    }
    for (const tables of models.values()) this.#models.push({ tables, results: [] });
  }

  add(result: CheckResult): void {
    const key = tableKey(result);
    for (const { tables, results } of this.#models) {
      const table = tables.find((one) => one.key === key);
      if (!table) continue;
      table.missing--;
      table.results.push(result);
      results.push(result);
    }
    this.#print((table) => table.missing === 0);
  }

  /** Prints what has not been printed, and how it all ended. */
  end(results: readonly CheckResult[], unfinished: Unfinished | undefined): void {
    this.#print(() => true);
    if (results.length > 0) this.#console.out(terminalText([summaryBlock(results, unfinished)], this.#console.colour));
  }

  /** Tables and traces in the order of the plan, up to the first table that is not ready. */
  #print(isReady: (table: Table) => boolean): void {
    for (let model = this.#models[0]; model; model = this.#models[0]) {
      for (let table = model.tables[0]; table; table = model.tables[0]) {
        if (!isReady(table)) return;
        model.tables.shift();
        if (table.results.length > 0) this.#out(tableBlocks(table.results, this.#options));
      }
      this.#models.shift();
      this.#out(detailBlocks(model.results, this.#options));
    }
  }

  #out(blocks: readonly Block[]): void {
    if (blocks.length > 0) this.#console.out(`${terminalText(blocks, this.#console.colour)}\n`);
  }
}
