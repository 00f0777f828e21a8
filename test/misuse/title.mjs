import { defineModel, suite } from '../../src/index.ts';

export default suite({ model: defineModel({ id: 'm', title: 5, system: () => ({}) }), properties: [] });
