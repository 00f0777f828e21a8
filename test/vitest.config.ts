import { defineConfig } from 'vitest/config';

// c8 counts what V8 ran, so the sources must reach V8 as they are written: types become blanks, and vitest's own transforming module
// runner stays out of the way. takeCoverage() flushes before the pool ends the process.
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    dir: 'test',
    pool: 'forks',
    execArgv: ['--import', './test/typescript.mjs'],
    isolate: false,
    maxWorkers: '100%',
    experimental: { viteModuleRunner: false, nodeLoader: false },
    setupFiles: ['test/take-coverage.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
