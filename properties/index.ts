import type { Suite } from '../src/spec/index.ts';
import { idmapSuite } from './idmap.ts';
import { mteFaultsSuite } from './mte-faults.ts';
import { mteTagsSuite } from './mte-tags.ts';
import { pkvmMmioSuite } from './pkvm-mmio.ts';
import { pkvmOwnershipSuite } from './pkvm-ownership.ts';
import { shadowReuseSuite } from './shadow-reuse.ts';
import { shadowRootsSuite } from './shadow-roots.ts';
import { sppSuite } from './spp.ts';
import { stage2Suite } from './stage2.ts';

/** Every suite that pagelaw brings, in the order in which they are checked. */
export const suites: readonly Suite[] = [
  pkvmMmioSuite,
  pkvmOwnershipSuite,
  stage2Suite,
  idmapSuite,
  sppSuite,
  mteTagsSuite,
  mteFaultsSuite,
  shadowRootsSuite,
  shadowReuseSuite,
];
