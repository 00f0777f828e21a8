import type { Command, Model, Outcome, Suite, System } from '../src/spec/index.ts';

/** The suite over a model whose every outcome passes through `fault`: a bug to be caught by the suite's properties. */
export const seedFault = (
  suite: Suite,
  fault: (outcome: Outcome<unknown>, command: Command, before: unknown) => Outcome<unknown>,
): Suite => {
  const model: Model = {
    ...suite.model,
    system: (config, switches): System => {
      const system = suite.model.system(config, switches);
      return { ...system, step: (state, command) => fault(system.step(state, command), command, state) };
    },
  };
  return { ...suite, model };
};
