import type { Model } from '../src/spec/index.ts';
import { idmap } from './idmap/model.ts';
import { mteFaults } from './mte-faults/model.ts';
import { mteTags } from './mte-tags/model.ts';
import { pkvmMmio } from './pkvm-mmio/model.ts';
import { pkvmOwnership } from './pkvm-ownership/model.ts';
import { shadowReuse } from './shadow-reuse/model.ts';
import { shadowRoots } from './shadow-roots/model.ts';
import { spp } from './spp/model.ts';
import { stage2 } from './stage2/model.ts';

/** Every model that pagelaw brings. */
export const models: readonly Model[] = [
  pkvmMmio,
  pkvmOwnership,
  stage2,
  idmap,
  spp,
  mteTags,
  mteFaults,
  shadowRoots,
  shadowReuse,
];
