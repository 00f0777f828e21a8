import { type Block, paragraph } from './document.ts';

/** What a report ends with that is read elsewhere than it was made: the command line, and what nobody should take for proved. */
export const closingBlocks = (command: readonly string[], notChecked: readonly string[]): Block[] => [
  paragraph('To reproduce:'),
  { kind: 'command', words: command, tight: true },
  {
    kind: 'list',
    intro: 'Not checked:',
    items: [...notChecked, 'Nothing that the model leaves out; its README says what that is.'].map((text) => ({
      text,
    })),
    sign: '- ',
  },
];
