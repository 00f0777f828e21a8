import type { Suite } from '../src/spec/index.ts';
import { mteFaultsSuite } from './mte-faults.ts';
import { mteTagsSuite } from './mte-tags.ts';
import { pkvmMmioSuite } from './pkvm-mmio.ts';
import { shadowReuseSuite } from './shadow-reuse.ts';
import { shadowRootsSuite } from './shadow-roots.ts';
import { sppSuite } from './spp.ts';

/** Every suite that pagelaw brings, in the order in which they are checked. */
export const suites: readonly Suite[] = [
  pkvmMmioSuite,
  shadowRootsSuite,
  shadowReuseSuite,
  sppSuite,
  mteTagsSuite,
  mteFaultsSuite,
];
