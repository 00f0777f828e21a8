import type { CheckResult } from '../job/check.ts';
import { corpusText, type Kept } from '../report/corpus.ts';
import { githubErrors } from '../report/github.ts';
import { checkJson } from '../report/json.ts';
import { matrixJson, matrixMail, matrixMarkdown, matrixText } from '../report/matrix.ts';
import type { Report } from '../report/report.ts';
import { type Style, styleOf } from '../report/style.ts';
import { checkText, detailsText, summaryText, tableKey, tablesText, type Unfinished } from '../report/text.ts';
import { fitted } from '../report/words.ts';
import type { Console } from './console.ts';
import { type Format, formatted, jsonText } from './formats.ts';
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
  const text = `${corpusText(directory, kept, styleOf(console.colour))}\n\n`;
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
  const style = styleOf(console.colour);
  try {
    if (matrix) console.out(matrixIn(format, results, kept, style, unfinished));
    else if (format === 'json') console.out(jsonText(checkJson(results, kept, unfinished)));
    else if (format !== 'text') {
      const made = formatted(format, reports);
      if (made === '' && format === 'itf')
        console.err('pagelaw: no counterexample was found, so there is no trace to write\n');
      console.out(made);
    }
  } catch (error) {
    // That ITF has room for one trace is no fault of what was found.
    if (format !== 'text' && format !== 'itf') console.err(checkText(results, { style, inFull, coverage, unfinished }));
    throw error;
  }
  if (console.annotates && format !== 'github') console.err(githubErrors(reports));
};

const matrixIn = (
  format: Format<'check'>,
  results: readonly CheckResult[],
  kept: readonly Kept[],
  style: Style,
  unfinished: Unfinished | undefined,
): string => {
  if (format === 'json') return jsonText(matrixJson(results, kept, unfinished));
  if (format === 'mail') return matrixMail(results, unfinished);
  return format === 'markdown' ? matrixMarkdown(results, unfinished) : matrixText(results, style, { unfinished });
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
  readonly #style: Style;
  /** By model, in the order of the plan. */
  readonly #models: { readonly tables: Table[]; readonly results: CheckResult[] }[] = [];

  constructor(planned: readonly Planned[], options: Omit<OutputOptions, 'format' | 'matrix'>, console: Console) {
    this.#options = options;
    this.#console = console;
    this.#style = styleOf(console.colour);
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
    if (results.length > 0) this.#console.out(`${fitted(summaryText(results, this.#style, { unfinished }))}\n`);
  }

  /** Tables and traces in the order of the plan, up to the first table that is not ready. */
  #print(isReady: (table: Table) => boolean): void {
    for (let model = this.#models[0]; model; model = this.#models[0]) {
      for (let table = model.tables[0]; table; table = model.tables[0]) {
        if (!isReady(table)) return;
        model.tables.shift();
        if (table.results.length > 0) this.#out(tablesText(table.results, { ...this.#options, style: this.#style }));
      }
      this.#models.shift();
      this.#out(detailsText(model.results, { ...this.#options, style: this.#style }));
    }
  }

  #out(text: string): void {
    if (text !== '') this.#console.out(`${text}\n\n`);
  }
}
