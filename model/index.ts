import type { Model } from '../src/spec/index.ts';
import { pkvmMmio } from './pkvm-mmio/model.ts';
import { pkvmOwnership } from './pkvm-ownership/model.ts';
import { shadowReuse } from './shadow-reuse/model.ts';
import { shadowRoots } from './shadow-roots/model.ts';

/** Every model that pagelaw brings. */
export const models: readonly Model[] = [pkvmMmio, shadowRoots, shadowReuse, pkvmOwnership];
