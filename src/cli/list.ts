import { listBlocks, listJson, overviewBlocks } from '../report/list.ts';
import { type Console, exit } from './console.ts';
import { documentIn, type Format, formatOf, formats, jsonText } from './formats.ts';
import { type Declare, formatOption, jsonOption } from './options.ts';
import { allSuites, findTargets } from './suites.ts';

export const declareList: Declare = (program, console, end) => {
  program
    .command('list')
    .description('show models, their configuration, switches, variants and properties')
    .argument('[model...]', 'only these: MODEL or FILE')
    .addOption(formatOption(formats.list))
    .option('--json', jsonOption)
    .action(async (names: string[], options) => {
      end(await listCommand(names, options, console));
    });
};

/** `pagelaw list`: what there is to check. */
const listCommand = async (
  names: readonly string[],
  options: { readonly format?: Format<'list'>; readonly json?: boolean },
  console: Console,
): Promise<number> => {
  const format = formatOf(options.format, options.json && 'json');
  const located = names.length === 0 ? allSuites() : (await Promise.all(names.map(findTargets))).flat();
  const suites = located.map(({ suite }) => suite);
  const blocks = names.length === 0 ? overviewBlocks : listBlocks;
  console.out(format === 'json' ? jsonText(listJson(suites)) : documentIn(format, blocks(suites), console.colour));
  return exit.asExpected;
};
