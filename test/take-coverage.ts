import { takeCoverage } from 'node:v8';
import { afterAll } from 'vitest';

// Without NODE_V8_COVERAGE (plain `npm test`) this does nothing.
afterAll(() => takeCoverage());
