import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { audit } from '../audit/audit.ts';
import { Cancelled } from '../audit/cancellation.ts';
import type { MemoryGuard } from '../engine/memory.ts';
import { taskOf } from '../engine/task.ts';
import type { CheckResult } from '../job/check.ts';
import { checkPageOf } from '../report/check-page.ts';
import type { Graph, Section } from '../report/document.ts';
import { lifeSections } from '../report/life-cycle.ts';
import { dotOf } from '../report/render/dot.ts';
import { htmlPage } from '../report/render/html.ts';
import { svgOf } from '../report/render/svg.ts';
import type { Finding, Report } from '../report/report.ts';
import type { Unfinished } from '../report/summary.ts';
import { scopeName } from '../report/words.ts';
import { SpecError } from '../spec/errors.ts';
import { replaceFile } from '../trace/replace-file.ts';
import { explainer, type Why } from '../trace/why.ts';
import type { Console } from './console.ts';
import { monitorFor } from './progress.ts';
import type { Target } from './suites.ts';
import { needSpace, spaceFor } from './ulimit.ts';

/** One search of one variant, and what was found. */
export interface Searched {
  readonly target: Target;
  readonly result: CheckResult;
  readonly report: Report;
}

/** Throws a SpecError if the page could not be written: better before a search than after it. */
export const checkPage = (file: string): void => {
  if (!/\.html?$/.test(file)) throw new SpecError(`--report takes a file that ends in .html, not ${file || 'nothing'}`);
  const directory = dirname(file);
  if (!existsSync(directory)) throw new SpecError(`cannot write ${file}: there is no directory ${directory}`);
  if (existsSync(file) && statSync(file).isDirectory()) throw new SpecError(`cannot write ${file}: it is a directory`);
  try {
    accessSync(directory, constants.W_OK);
  } catch {
    throw new SpecError(`cannot write ${file}: nothing can be written to ${directory}`);
  }
};

interface Page {
  readonly searched: readonly Searched[];
  readonly memoryGuard: MemoryGuard;
  readonly unfinished: Unfinished | undefined;
}

/**
 * Writes the page with the results. Returns what went wrong with its pictures and explanations, which are then missing: the verdicts
 * are not lost for that. Throws a SpecError if the page cannot be written.
 */
export const writePage = async (file: string, page: Page, console: Console): Promise<unknown[]> => {
  const errors: unknown[] = [];
  const pictures = new Map<Graph, string>();
  const lives = await livesOf(page, pictures, errors, console);
  const whys = await whysOf(page, errors, console);
  console.progress?.('');
  const document = checkPageOf(page.searched, {
    extras: (scope) => lives.get(JSON.stringify(scope)) ?? [],
    why: (finding) => whys.get(finding) ?? [],
    unfinished: page.unfinished,
  });
  await replaceFile(file, htmlPage(document, { pictures }));
  if (console.interrupted.aborted)
    console.err(
      'pagelaw: interrupted: what the report has of life cycles, and of why calls were refused, may lack some\n',
    );
  return errors;
};

/** By scope: what the report shows of the life of a page, for variants that were named and for default ones. */
const livesOf = async (
  { searched, memoryGuard }: Page,
  pictures: Map<Graph, string>,
  errors: unknown[],
  console: Console,
): Promise<Map<string, Section[]>> => {
  const lives = new Map<string, Section[]>();
  for (const { target, result } of searched) {
    const { scope, search, bound } = result;
    const { model } = target.suite;
    const isAsked = target.variant !== undefined || scope.variant === model.defaultVariant;
    if (!model.classify || search.kind === 'random' || bound || !isAsked || console.interrupted.aborted) continue;
    const name = scopeName(scope);
    const monitor = monitorFor(console, `${name} life cycle`);
    try {
      const { life, bound } = await audit(model, scope, { commands: [], monitor, memoryGuard });
      if (!life || bound) continue;
      needSpace(spaceFor.webAssembly, 'drawing a life cycle');
      const sections = lifeSections(life, name, false);
      for (const block of sections.flatMap(({ blocks }) => blocks))
        if (block.kind === 'graph') pictures.set(block, await svgOf(dotOf(block)));
      lives.set(JSON.stringify(scope), sections);
    } catch (error) {
      if (!(error instanceof Cancelled)) errors.push(error);
    }
  }
  return lives;
};

/** In a report there may be many calls that were refused: for each, only the states near to it are looked at. */
const statesNearCall = 5_000;

/** By finding: why calls of its counterexample were refused. */
const whysOf = async (
  { searched }: Page,
  errors: unknown[],
  console: Console,
): Promise<Map<Finding, readonly (Why | undefined)[]>> => {
  const whys = new Map<Finding, readonly (Why | undefined)[]>();
  for (const { target, report } of searched)
    try {
      const { scope, findings } = report;
      const explain = explainer(taskOf(target.suite.model, scope, []), statesNearCall);
      for (const finding of findings) {
        if (!finding.counterexample) continue;
        console.progress?.(`${scopeName(scope)}: why calls were refused`);
        await setImmediate(); // lets ctrl-C through
        if (console.interrupted.aborted) return whys;
        whys.set(finding, explain(finding.counterexample.steps));
      }
    } catch (error) {
      errors.push(error);
    }
  return whys;
};
