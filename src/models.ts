// The models that pagelaw brings, and their suites, by name: what `pagelaw/models` exports.

export { idmap } from '../model/idmap/model.ts';
export { models } from '../model/index.ts';
export { mteFaults } from '../model/mte-faults/model.ts';
export { mteTags } from '../model/mte-tags/model.ts';
export { pkvmMmio } from '../model/pkvm-mmio/model.ts';
export { pkvmOwnership } from '../model/pkvm-ownership/model.ts';
export { shadowReuse } from '../model/shadow-reuse/model.ts';
export { shadowRoots } from '../model/shadow-roots/model.ts';
export { spp } from '../model/spp/model.ts';
export { stage2 } from '../model/stage2/model.ts';
export { idmapSuite } from '../properties/idmap.ts';
export { suites } from '../properties/index.ts';
export { mteFaultsSuite } from '../properties/mte-faults.ts';
export { mteTagsSuite } from '../properties/mte-tags.ts';
export { pkvmMmioSuite } from '../properties/pkvm-mmio.ts';
export { pkvmOwnershipSuite } from '../properties/pkvm-ownership.ts';
export { shadowReuseSuite } from '../properties/shadow-reuse.ts';
export { shadowRootsSuite } from '../properties/shadow-roots.ts';
export { sppSuite } from '../properties/spp.ts';
export { stage2Suite } from '../properties/stage2.ts';
