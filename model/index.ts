import type { Model } from '../src/spec/index.ts';
import { mteFaults } from './mte-faults/model.ts';
import { mteTags } from './mte-tags/model.ts';
import { pkvmMmio } from './pkvm-mmio/model.ts';
import { shadowReuse } from './shadow-reuse/model.ts';
import { shadowRoots } from './shadow-roots/model.ts';
import { spp } from './spp/model.ts';

/** Every model that pagelaw brings. */
export const models: readonly Model[] = [pkvmMmio, shadowRoots, shadowReuse, spp, mteTags, mteFaults];
