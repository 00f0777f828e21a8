import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { SpecError } from '../spec/errors.ts';
import type { Scope } from '../system/scope.ts';
import { compilerVersion, explainFailure, runProgram, shellLine } from './compiler.ts';
import { type KernelTree, kernelTree, probesFound, versionCode } from './kernel-tree.ts';
import { type Manifest, packageRoot } from './manifest.ts';

interface BuildRequest {
  readonly manifest: Manifest;
  /** The configuration and the switches that the program is built for. */
  readonly scope: Scope;
  /** The switches that say what surrounds the code; the others are the code's own matter. */
  readonly environment: readonly string[];
  /** The path of a kernel tree. */
  readonly kernel: string;
  /** The compiler: a name or a path. */
  readonly cc: string;
  /** More flags for the compiler and the linker, such as -fsanitize=undefined. */
  readonly flags?: readonly string[];
  /** Where programs are kept. */
  readonly cache: string;
  /** Is shown each command line before it is run. */
  readonly verbose?: (line: string) => void;
}

export interface BuiltSubject {
  readonly program: string;
  readonly kernel: KernelTree;
  /** Whether it was there already. */
  readonly wasCached: boolean;
  /** What should be known about it: a version that the harness was not tried with. */
  readonly notes: readonly string[];
}

/**
 * Compiles a harness and files of a kernel tree into a program that speaks the protocol. It is kept by a hash of the preprocessed
 * sources, which are all that goes in, of the flags and of the compiler's version. Throws a SpecError that says what the build lacks.
 */
export const buildSubject = async (request: BuildRequest): Promise<BuiltSubject> => {
  const { manifest, cc, cache } = request;
  const kernel = kernelTree(resolve(request.kernel));
  const notes = triedVersion(manifest, kernel);
  const hash = createHash('sha256').update(await compilerVersion(cc));
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'build-'));
  try {
    const sources = await preprocess(request, kernel, work);
    for (const { flags, text } of sources) hash.update(JSON.stringify(flags)).update(readFileSync(text));
    const folder = join(cache, `${manifest.model}-${kernel.release}-${hash.digest('hex').slice(0, 24)}`);
    const program = join(folder, basename(manifest.folder) === 'subject' ? manifest.model : basename(manifest.folder));
    if (existsSync(program)) return { program, kernel, wasCached: true, notes };
    const built = await compile(request, kernel, sources, work);
    mkdirSync(folder, { recursive: true });
    renameSync(built, program);
    return { program, kernel, wasCached: false, notes };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

const triedVersion = ({ versions: [first, last], model }: Manifest, { code, release }: KernelTree): string[] => {
  if (code < versionCode(first))
    throw new SpecError(`this is Linux ${release}; the harness for ${model} is for ${first} to ${last}`);
  return code > versionCode(last)
    ? [`Linux ${release} is newer than ${last}, the last version that this harness was tried with`]
    : [];
};

/** `entriesPerTable` becomes ENTRIES_PER_TABLE. */
const upper = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/\W+/g, '_')
    .toUpperCase();

/** -DCONFIG_LEVELS=3 for levels=3; -DSWITCH_TABLE_HOST for table=host; -DSWITCH_FFA_TRUSTED for a switch that is on. */
export const definesOf = (scope: Scope, environment: readonly string[]): string[] => [
  ...Object.entries(scope.config).map(([name, value]) => `-DCONFIG_${upper(name)}=${value}`),
  ...environment.flatMap((name) => {
    const value = scope.switches[name];
    if (typeof value === 'string') return [`-DSWITCH_${upper(name)}_${upper(value)}`];
    return value === true ? [`-DSWITCH_${upper(name)}`] : [];
  }),
];

interface Source {
  /** The preprocessed text. */
  readonly text: string;
  readonly flags: readonly string[];
}

const shimOf = ({ folder, shim }: Manifest): string => join(folder, shim);

const preprocess = async (request: BuildRequest, kernel: KernelTree, work: string): Promise<Source[]> => {
  const { manifest, scope, environment, flags: more = [] } = request;
  const { folder } = manifest;
  const empty = join(work, 'empty');
  for (const header of manifest.emptyHeaders) {
    mkdirSync(dirname(join(empty, header)), { recursive: true });
    writeFileSync(join(empty, header), '');
  }
  const ahead = [
    `-DKERNEL_VERSION_CODE=${kernel.code}`,
    `-DKERNEL_RELEASE="${kernel.release}"`,
    ...definesOf(scope, environment),
    ...probesFound(kernel, manifest).map((name) => `-D${name}`),
    ...manifest.include.map((directory) => `-I${join(folder, directory)}`),
    `-I${empty}`,
    `-I${join(packageRoot(), 'src/subject/kit')}`,
    ...manifest.kernelInclude.flatMap((directory) => ['-isystem', join(kernel.path, directory)]),
    '-include',
    shimOf(manifest),
  ];
  const language = ['-std=gnu11', '-O2', '-g', ...manifest.flags, ...more];
  const missing = ['-Werror=implicit-function-declaration'];
  const files = [
    ...manifest.harness.map((file) => ({
      file: join(folder, file),
      flags: [...language, '-Wall', '-Wextra', ...missing],
    })),
    ...manifest.kernel.map((file) => ({ file: join(kernel.path, file), flags: [...language, ...missing] })),
  ];
  for (const file of manifest.kernel)
    if (!existsSync(join(kernel.path, file))) throw new SpecError(`${kernel.path} has no ${file}`);
  return Promise.all(
    files.map(async ({ file, flags }, i) => {
      const text = join(work, `${i}.i`);
      await runCompiler(request, kernel, [...flags, ...ahead, '-E', file, '-o', text]);
      // The folder that this build works in is no part of what goes in.
      writeFileSync(text, readFileSync(text, 'utf8').replaceAll(work, ''));
      return { text, flags };
    }),
  );
};

const compile = async (
  request: BuildRequest,
  kernel: KernelTree,
  sources: readonly Source[],
  work: string,
): Promise<string> => {
  const objects = await Promise.all(
    sources.map(async ({ text, flags }) => {
      const object = `${text.slice(0, -1)}o`;
      await runCompiler(request, kernel, [...flags, '-c', text, '-o', object]);
      return object;
    }),
  );
  const program = join(work, 'program');
  await runCompiler(request, kernel, [...(request.flags ?? []), ...objects, '-o', program]);
  return program;
};

const runCompiler = async (request: BuildRequest, { path, release }: KernelTree, args: readonly string[]) => {
  const { cc, manifest, verbose } = request;
  verbose?.(shellLine(cc, args));
  const { status, stderr } = await runProgram(cc, args);
  if (status !== 0)
    throw new SpecError(
      `${manifest.name} ${release} cannot be built: ${explainFailure(stderr, path, shimOf(manifest), join(manifest.folder, 'subject.json'))}`,
    );
  if (stderr !== '') verbose?.(stderr.trimEnd());
};
