import { listJson, listText, overviewText } from '../report/list.ts';
import { styleOf } from '../report/style.ts';
import { type Console, exit } from './console.ts';
import { type Format, formatOf, jsonText } from './formats.ts';
import { allSuites, findTargets } from './suites.ts';

/** `pagelaw list`: what there is to check. */
export const listCommand = async (
  names: readonly string[],
  options: { readonly format?: Format<'list'>; readonly json?: boolean },
  console: Console,
): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json');
  const located = names.length === 0 ? allSuites() : (await Promise.all(names.map(findTargets))).flat();
  const suites = located.map(({ suite }) => suite);
  const text = names.length === 0 ? overviewText : listText;
  console.out(format === 'json' ? jsonText(listJson(suites)) : text(suites, styleOf(console.colour)));
  return exit.asExpected;
};
