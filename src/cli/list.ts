import { listJson, listText, overviewText } from '../report/list.ts';
import { styleOf } from '../report/style.ts';
import { type Console, exit } from './console.ts';
import { allSuites, findTargets } from './suites.ts';

/** `pagelaw list`: what there is to check. */
export const listCommand = async (
  names: readonly string[],
  options: { readonly json?: boolean },
  console: Console,
): Promise<number> => {
  const located = names.length === 0 ? allSuites() : (await Promise.all(names.map(findTargets))).flat();
  const suites = located.map(({ suite }) => suite);
  const text = names.length === 0 ? overviewText : listText;
  console.out(options.json ? `${JSON.stringify(listJson(suites), null, 2)}\n` : text(suites, styleOf(console.colour)));
  return exit.asExpected;
};
