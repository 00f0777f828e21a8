import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export const isTypeScript = (path: string) => /\.m?ts$/.test(path);

type Transformer = Pick<typeof import('@swc/wasm-typescript'), 'transformSync'>;
let transformer: Transformer | undefined;

/**
 * The text of a TypeScript file with blanks for its types, so that lines and columns stay. Throws a SyntaxError that begins with
 * `FILE:LINE:COLUMN: ` where the file is no TypeScript, or has what is more than types, as an enum is.
 */
export const withoutTypes = (path: string): string => {
  // WebAssembly, which is loaded at the first use.
  transformer ??= createRequire(import.meta.url)('@swc/wasm-typescript') as Transformer;
  try {
    return transformer.transformSync(readFileSync(path, 'utf8'), { mode: 'strip-only', module: true }).code;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const message = error.message.replace(/ in strip-only mode$/, '; only types are taken out');
    throw new SyntaxError(`${path}:${error.startLine}:${error.startColumn + 1}: ${message}`);
  }
};

/** What the transformer throws: lines count from 1, columns from 0. */
interface Refusal {
  readonly message: string;
  readonly startLine: number;
  readonly startColumn: number;
}

const isRefusal = (error: unknown): error is Refusal =>
  typeof error === 'object' && error !== null && 'startLine' in error && 'startColumn' in error;
