import { defineModel, suite } from '../../src/index.ts';

/** A suite as somebody writes it without types: `system` as given, `properties` made for the model. */
export const suiteOf = (system, properties) => {
  const model = defineModel({
    id: 'm',
    title: 'a model with a mistake',
    sources: [],
    config: {},
    switches: {},
    variants: { v: { doc: '', switches: {} } },
    defaultVariant: 'v',
    system,
  });
  return suite({ model, properties: properties(model), violates: { v: [] } });
};

export const words = { id: 'p', statement: '', source: '' };
