import { createColors } from 'picocolors';

/** Colours, or none. Everything the reports print is plain ASCII apart from them. */
export type Style = ReturnType<typeof createColors>;

export const styleOf = (colour: boolean): Style => createColors(colour);
