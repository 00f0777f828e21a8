import { spawnSync } from 'node:child_process';

/** Whether there is a C compiler. Without one, tests of C subjects are skipped, and this line says so. */
export const hasCompiler = spawnSync('cc', ['--version']).status === 0;

if (!hasCompiler) console.warn('no C compiler (cc): the tests of subjects in C are skipped');
