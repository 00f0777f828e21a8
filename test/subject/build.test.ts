import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stage2 } from '../../model/stage2/model.ts';
import { buildSubject, definesOf } from '../../src/subject/build.ts';
import { explainFailure, shellLine } from '../../src/subject/compiler.ts';
import { kernelTree, probesFound } from '../../src/subject/kernel-tree.ts';
import { harnessOf, type Manifest, readManifest } from '../../src/subject/manifest.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { hasCompiler } from './compiler.ts';

const folder = mkdtempSync(join(tmpdir(), 'pagelaw-build-'));
const write = (name: string, text: string): string => {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};

const makefile = (text: string): string => dirname(write(`tree-${text.length}/Makefile`, text));

describe('a kernel tree', () => {
  it('has its version in the Makefile, which is not run', () => {
    const tree = kernelTree(
      makefile('# x\nVERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION = -rc7\nNAME = $(shell false)\n'),
    );
    expect(tree).toMatchObject({ release: '7.3.0-rc7', code: 703 });
    expect(kernelTree(makefile('VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\n'))).toMatchObject({
      release: '6.12.117',
      code: 612,
    });
  });

  it('is told from what is none', () => {
    expect(() => kernelTree(folder)).toThrow('is no kernel tree: it has no Makefile');
    expect(() => kernelTree(makefile('all:\n\ttrue\n'))).toThrow('its Makefile has no VERSION and PATCHLEVEL');
  });

  it('is asked for functions that stable kernels may have', () => {
    const path = makefile('VERSION = 6\nPATCHLEVEL = 2\n');
    writeFileSync(join(path, 'api.h'), 'int new_call(int);\n');
    const probes = {
      HAS_NEW: { file: 'api.h', pattern: '\\bnew_call\\(' },
      HAS_OLD: { file: 'api.h', pattern: '\\bold_call\\(' },
      HAS_FILE: { file: 'other.h', pattern: '' },
    };
    expect(probesFound(kernelTree(path), { ...harnessOf('stage2'), probes })).toEqual(['HAS_NEW']);
  });
});

describe('what a build is told', () => {
  it('is the configuration and the switches of the environment', () => {
    const scope = scopeOf(stage2, { variant: 'host', config: { entriesPerTable: 4 }, switches: { tlbi: 'ranges' } });
    expect(definesOf(scope, stage2.environment ?? [])).toEqual([
      '-DCONFIG_LEVELS=3',
      '-DCONFIG_ENTRIES_PER_TABLE=4',
      '-DCONFIG_WATCHED=1',
      '-DCONFIG_MIN_BLOCK_LEVEL=1',
      '-DSWITCH_TABLE_HOST',
      '-DSWITCH_TLBI_RANGES',
      '-DSWITCH_GIVE_BACK_SET_OWNER',
    ]);
  });

  it('can be copied into a shell', () => {
    expect(shellLine('cc', ['-DX="7.3"', "it's", '-O2'])).toBe(`cc '-DX="7.3"' 'it'\\''s' -O2`);
  });
});

describe('what a failed build says', () => {
  const explain = (stderr: string) => explainFailure(stderr, '/linux', 'shim.h', 'subject.json');

  it.each([
    [
      "/linux/arch/a.c:12:3: error: implicit declaration of function 'new_call' [-Werror]",
      'the shim lacks new_call (arch/a.c:12): add it to shim.h',
    ],
    [
      '/linux/arch/a.c:12:3: error: ‘NEW_FLAG’ undeclared (first use in this function)',
      'the shim lacks NEW_FLAG (arch/a.c:12): add it to shim.h',
    ],
    [
      "/linux/a.c:1:1: error: use of undeclared identifier 'NEW_FLAG'",
      'the shim lacks NEW_FLAG (a.c:1): add it to shim.h',
    ],
    ["/linux/a.c:1:1: error: unknown type name 'u128'", 'the shim lacks u128 (a.c:1): add it to shim.h'],
    [
      "/linux/a.c:7:9: error: 'struct kvm_s2_mmu' has no member named 'nested'",
      'the shim lacks the member nested (a.c:7): add it to the structure in shim.h',
    ],
    [
      '/linux/a.c:2:10: fatal error: linux/new.h: No such file or directory',
      'there is no header linux/new.h (a.c:2): list it in emptyHeaders of subject.json, and declare what is used of it in shim.h',
    ],
    [
      "/linux/a.c:9: undefined reference to `new_call'",
      'nothing defines new_call: define it in the harness, or as a macro in shim.h',
    ],
    ['/x/shim.h:67:2: error: #error "entriesPerTable=2 or 4"', 'entriesPerTable=2 or 4'],
    ["/linux/a.c:3:1: error: expected ';' before 'int'", "/linux/a.c:3:1: error: expected ';' before 'int'"],
  ])('%s', (stderr, words) => {
    expect(explain(`note: before\n${stderr}\nnote: after\n`)).toBe(words);
  });
});

describe('a manifest', () => {
  it('of each harness can be read', () => {
    expect(harnessOf('stage2')).toMatchObject({ model: 'stage2', versions: ['5.15', '7.3'] });
    expect(() => harnessOf('mte-tags')).toThrow('no harness for the model mte-tags');
  });

  it('that is wrong is told with the place', () => {
    const at = dirname(
      write(
        'wrong/subject.json',
        JSON.stringify({ ...harnessOf('stage2'), folder: undefined, versions: ['5', '7.3'] }),
      ),
    );
    expect(() => readManifest(at)).toThrow(`${join(at, 'subject.json')}: versions.0: a version is two numbers`);
    const broken = dirname(write('broken/subject.json', '{'));
    expect(() => readManifest(broken)).toThrow(`${join(broken, 'subject.json')} cannot be read`);
  });
});

/** A kernel of one file, and its harness. */
describe.runIf(hasCompiler)('a small kernel', () => {
  let tree: string;
  let manifest: Manifest;
  const scope = scopeOf(stage2, {});
  const build = (cache = 'cache') =>
    buildSubject({ manifest, scope, environment: [], kernel: tree, cc: 'cc', cache: join(folder, cache) });

  beforeAll(() => {
    tree = dirname(write('linux/Makefile', 'VERSION = 7\nPATCHLEVEL = 2\nSUBLEVEL = 1\n'));
    write('linux/mm/count.c', '#include <linux/kernel.h>\n#include <asm/count.h>\nint count(void) { return STEP; }\n');
    write('linux/include/asm/count.h', '#define STEP 0\n');
    write('harness/shim.h', '#define SHIM 1\n');
    write(
      'harness/harness.c',
      '#define SUBJECT_MODEL "stage2"\n#include "subject.h"\nint count(void);\nSUBJECT_SETUP {}\nSUBJECT_CALL(destroy) { return count(); }\nSUBJECT_STATE { json_number("levels", CONFIG_LEVELS); }\n',
    );
    write(
      'harness/subject.json',
      JSON.stringify({
        model: 'stage2',
        name: 'count.c of Linux',
        versions: ['7.0', '7.2'],
        harness: ['harness.c'],
        kernel: ['mm/count.c'],
        include: ['.'],
        kernelInclude: ['include'],
        emptyHeaders: ['linux/kernel.h'],
        shim: 'shim.h',
      }),
    );
    manifest = readManifest(join(folder, 'harness'));
  });

  const answer = (program: string) =>
    execFileSync(program, { input: '{"_id":1,"_reset":true}\n{"_id":2,"_call":"destroy"}\n', encoding: 'utf8' }).split(
      '\n',
    )[1];

  it('is built once, and again when a header of the tree has changed', async () => {
    const first = await build();
    expect(first).toMatchObject({ wasCached: false, notes: [], kernel: { release: '7.2.1' } });
    expect(answer(first.program)).toBe('{"id":2,"result":"ok","same":true}');
    expect(await build()).toMatchObject({ wasCached: true, program: first.program });
    write('linux/include/asm/count.h', '#define STEP (-12)\n');
    const second = await build();
    expect(second.wasCached).toBe(false);
    expect(answer(second.program)).toBe('{"id":2,"result":"ENOMEM","same":true}');
    write('linux/include/asm/count.h', '#define STEP 0\n');
    expect(await build()).toMatchObject({ wasCached: true, program: first.program });
  });

  it('says what it lacks', async () => {
    write('linux/mm/count.c', 'int count(void) { return new_call(); }\n');
    await expect(build('other')).rejects.toThrow(
      `count.c of Linux 7.2.1 cannot be built: the shim lacks new_call (mm/count.c:1): add it to ${join(folder, 'harness/shim.h')}`,
    );
    write('linux/Makefile', 'VERSION = 6\nPATCHLEVEL = 9\n');
    await expect(build('other')).rejects.toThrow('this is Linux 6.9.0; the harness for stage2 is for 7.0 to 7.2');
  });
});
