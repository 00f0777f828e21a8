import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { thrown } from '../system/guarded.ts';
import { withoutTypes } from './strip-types.ts';

/** Why a file could not be imported, in one line that begins with FILE:LINE:COLUMN where they are known. `path`: the file, absolute. */
export const failureOf = (error: unknown, path: string): string => {
  if (!(error instanceof Error)) return thrown(error);
  const lines = error.message.split('\n').filter((line) => line.trim() !== '');
  const message = lines.slice(0, 2).join(' ').trim() || thrown(error);
  if (saysWhere.test(message)) return message;
  const place = placeOf(error, path);
  return place === undefined ? message : `${place}: ${message}`;
};

/** What could not be read as TypeScript, and what could not be found. */
const saysWhere = /^\S[^\n]*:\d+:\d+: |^Cannot find /;

const placeOf = (error: Error, path: string): string | undefined => {
  const stack = String(error.stack);
  const [, imports, line, indent = ''] = /^(file:\S+):(\d+)\n.*\n( *)\^/.exec(stack) ?? [];
  if (imports !== undefined) return `${nameOf(imports, path)}:${line}:${indent.length + 1}`;
  for (const [, url = '', place] of stack.matchAll(/(file:[^\s()]+?):(\d+:\d+)\)?$/gm))
    if (!url.startsWith(ours) && !url.includes('/node_modules/')) return `${nameOf(url, path)}:${place}`;
  return error instanceof SyntaxError ? placeOfSyntaxError(path) : undefined;
};

const ours = new URL('..', import.meta.url).href;

const nameOf = (url: string, path: string): string => {
  const file = fileURLToPath(url);
  const near = relative('', file);
  return file === path || near.startsWith('..') ? file : near;
};

/** V8 tells the line of a syntax error to nobody but the terminal. */
const placeOfSyntaxError = (path: string): string | undefined => {
  try {
    withoutTypes(path);
    return undefined;
  } catch (error) {
    return error instanceof SyntaxError ? /^.*?:\d+:\d+/.exec(error.message)?.[0] : undefined;
  }
};
