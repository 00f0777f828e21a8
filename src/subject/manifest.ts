import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { SpecError } from '../spec/errors.ts';

const version = v.pipe(v.string(), v.regex(/^\d+\.\d+$/, 'a version is two numbers, as in 7.3'));
const files = v.array(v.string());

const schema = v.strictObject({
  /** The model that the harness is a subject of. */
  model: v.string(),
  /** What is compiled, for reports: the release of the kernel follows. */
  name: v.string(),
  /** The first and the last version that the harness was tried with. */
  versions: v.tuple([version, version]),
  /** C files of the harness, compiled with all warnings. */
  harness: files,
  /** C files of the kernel, from the root of its tree. */
  kernel: files,
  /** Folders of headers of the harness, searched first, relative to the manifest. */
  include: files,
  /** Folders of the kernel's headers. */
  kernelInclude: files,
  /** Headers of the kernel in whose place there is nothing: what they declare is in `shim`. */
  emptyHeaders: files,
  /** The header that comes before everything else, relative to the manifest. */
  shim: v.string(),
  flags: v.optional(files, []),
  /** Names that are defined if a file of the kernel's tree has text that matches. */
  probes: v.optional(v.record(v.string(), v.strictObject({ file: v.string(), pattern: v.string() })), {}),
});

/** What a harness is made of: `subject.json` in its folder. */
export type Manifest = v.InferOutput<typeof schema> & { readonly folder: string };

/** The folder of the package, above src/ or dist/. */
export const packageRoot = (): string => {
  const [source, built] = ['../../', '../../../'].map((up) => fileURLToPath(new URL(up, import.meta.url)));
  return existsSync(join(source!, 'package.json')) ? source! : built!;
};

/** Reads `subject.json`. Throws a SpecError that says what is wrong in which file. */
export const readManifest = (folder: string): Manifest => {
  const file = join(folder, 'subject.json');
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SpecError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = v.safeParse(schema, read);
  if (parsed.success) return { ...parsed.output, folder };
  const [issue] = parsed.issues;
  throw new SpecError(`${file}: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
};

/** The harness that pagelaw brings for a model. Throws a SpecError if there is none. */
export const harnessOf = (model: string): Manifest => {
  const folder = join(packageRoot(), 'model', model, 'subject');
  if (!existsSync(join(folder, 'subject.json')))
    throw new SpecError(
      `pagelaw has no harness for the model ${model}; --harness DIR names a folder with a subject.json`,
    );
  return readManifest(folder);
};
