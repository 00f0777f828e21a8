import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '../..');

/** The coverage of other processes is not that of the sources: it would be written in vain, and counts against their limits. */
export const env: NodeJS.ProcessEnv = { ...process.env, NODE_V8_COVERAGE: undefined };

export interface Installed {
  /** A folder with a package.json of its own, into which the packed tarball is installed: what a user has. */
  readonly folder: string;
  /** The paths in the tarball. */
  readonly files: readonly string[];
}

/** Packs the package and installs it, once for all test files of a run. */
export const installed = async (): Promise<Installed> => {
  const folder = join(tmpdir(), `pagelaw-installed-${process.ppid}`);
  const done = join(folder, 'done.json');
  const failed = join(folder, 'failed');
  if (isFirst(folder))
    try {
      writeFileSync(done, JSON.stringify(install(folder)));
    } catch (error) {
      writeFileSync(failed, String(error));
      throw error;
    }
  while (!existsSync(done)) {
    if (existsSync(failed)) throw new Error(readFileSync(failed, 'utf8'));
    await wait(100);
  }
  return { folder, files: JSON.parse(readFileSync(done, 'utf8')) };
};

/** The processes of one run share a parent. */
const isFirst = (folder: string): boolean => {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
};

const install = (folder: string): string[] => {
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: root,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const [{ filename, files }] = Array.isArray(packed) ? packed : Object.values(packed);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${filename}`], {
    cwd: folder,
    env,
    stdio: 'ignore',
  });
  return files.map(({ path }: { path: string }) => path);
};
