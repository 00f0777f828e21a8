import { register } from 'node:module';

// Loads TypeScript in the tests, where Node cannot do so by itself: node --import ./test/typescript.mjs FILE.ts
if (!process.features.typescript) register('./typescript-hooks.mjs', import.meta.url);
