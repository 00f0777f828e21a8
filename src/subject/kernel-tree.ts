import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SpecError } from '../spec/errors.ts';
import type { Manifest } from './manifest.ts';

/** A kernel's source tree, of which files are read and nothing is run. */
export interface KernelTree {
  readonly path: string;
  /** As in `7.2.13` or `7.3.0-rc7`. */
  readonly release: string;
  /** 702 for 7.2.13. */
  readonly code: number;
}

const longest = 64 * 1024;

/** Finds the version in the tree's Makefile. Throws a SpecError if there is none. */
export const kernelTree = (path: string): KernelTree => {
  const wrong = (why: string) => new SpecError(`${path} is no kernel tree: ${why}`);
  let makefile: string;
  try {
    makefile = readFileSync(join(path, 'Makefile'), 'utf8').slice(0, longest);
  } catch {
    throw wrong('it has no Makefile');
  }
  const value = (name: string) => new RegExp(`^${name}[ \\t]*=[ \\t]*(\\S*)[ \\t]*$`, 'm').exec(makefile)?.[1];
  const [major, minor] = [value('VERSION'), value('PATCHLEVEL')].map(Number);
  if (!Number.isInteger(major) || !Number.isInteger(minor)) throw wrong('its Makefile has no VERSION and PATCHLEVEL');
  return {
    path,
    release: `${major}.${minor}.${value('SUBLEVEL') || 0}${value('EXTRAVERSION') ?? ''}`,
    code: versionCode(`${major}.${minor}`),
  };
};

/** 702 for 7.2. */
export const versionCode = (version: string): number => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 100 + minor;
};

/** The names of the probes that find what they look for. A file that is not in the tree has nothing. */
export const probesFound = ({ path }: KernelTree, { probes }: Manifest): string[] =>
  Object.entries(probes)
    .filter(([, { file, pattern }]) => {
      try {
        return new RegExp(pattern).test(readFileSync(join(path, file), 'utf8'));
      } catch {
        return false;
      }
    })
    .map(([name]) => name);
