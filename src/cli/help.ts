import { readFileSync } from 'node:fs';
import { itemNamed } from '../item-named.ts';
import { plainOfMarkdown } from '../report/render/markdown-plain.ts';
import type { Console } from './console.ts';
import { exit } from './console.ts';
import type { Declare } from './options.ts';
import { allSuites } from './suites.ts';

/** What there is to read, by topic, from the package's root on. */
const pages: Readonly<Record<string, string>> = {
  pagelaw: 'README.md',
  commands: 'src/cli/README.md',
  models: 'model/README.md',
  properties: 'properties/README.md',
  verdicts: 'src/engine/README.md',
  subjects: 'src/subject/README.md',
  house: 'src/README.md',
};

/** The topics of `pagelaw help`: pages, and the README of every model. */
export const topics = (): Readonly<Record<string, string>> => ({
  ...pages,
  ...Object.fromEntries(allSuites().map(({ suite: { model } }) => [model.id, `model/${model.id}/README.md`])),
});

/** From the package that this file belongs to: dist/src/cli/ in a build, src/cli/ in the sources. */
const pageOf = (path: string): string => {
  for (const up of ['../../', '../../../'])
    try {
      return readFileSync(new URL(`${up}${path}`, import.meta.url), 'utf8');
    } catch {}
  return `${path} is not in this package.\n`;
};

export const declareHelp: Declare = (program, console, end) => {
  program
    .command('help')
    .description('this, the help of a command, or a text to read')
    .argument('[topic]', `a command, or ${Object.keys(topics()).join(', ')}`)
    .action((topic: string | undefined) => {
      const command = topic === undefined ? program : program.commands.find((one) => one.name() === topic);
      if (command) command.outputHelp();
      else end(helpCommand(topic!, console));
    });
};

/** `pagelaw help TOPIC`: a README as plain text. */
const helpCommand = (topic: string, console: Console): number => {
  const all = topics();
  const name = itemNamed('command or topic of help', topic, Object.keys(all));
  console.out(`${plainOfMarkdown(pageOf(all[name]!))}\n`);
  return exit.asExpected;
};
