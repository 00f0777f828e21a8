/** A difference that is known. The list is empty when all is well. */
export interface NotYet {
  readonly pattern: RegExp;
  readonly what: string;
}

export const notYet: readonly NotYet[] = [
  {
    pattern: /changes or freezes its state with a function of immer/,
    what: 'refused: a part of the state put into a draft of what is not of the state',
  },
  {
    pattern: /Cannot set properties of null|compares states by identity: an update that changes nothing/,
    what: 'refused: immer fails where parts are shared',
  },
];
