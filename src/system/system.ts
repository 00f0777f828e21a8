import { SpecError } from '../spec/errors.ts';
import { describeCommand, type Model, type System } from '../spec/model.ts';
import { checkBuiltins } from './builtins.ts';
import { guarded } from './guarded.ts';
import { layoutOf } from './layout.ts';
import type { Scope } from './scope.ts';
import { resolveSymmetry } from './symmetry.ts';

/** The scope's transition system, its initial state frozen. Throws a SpecError where the model breaks the vocabulary's rules. */
export const systemOf = (model: Model, scope: Scope): System => {
  const wrong = (what: string) => new SpecError(`model ${model.id}: ${what}`);
  const system = builtSystem(model, 'system()', () => model.system(scope.config, scope.switches));
  if (system.command.size > mostCommands)
    throw wrong(
      `there are ${system.command.size} commands, more than ${mostCommands}; give their arguments smaller domains`,
    );
  if (system.likely !== undefined && !Array.isArray(system.likely)) throw wrong('likely must be an array of commands');
  const stray = system.likely?.find((command) => !system.command.contains(command));
  if (stray) throw wrong(`${describeCommand(stray)}, which is to be likely, is not a command`);
  if (system.symmetry) resolveSymmetry(model.id, layoutOf(system.state), system.command, system.symmetry);
  if (!system.likely) return system;
  return { ...system, likely: system.likely.map((command) => system.command.canonical(command)!) };
};

/**
 * The transition system on which a script makes its calls. It may have more commands than a
 * search could try. Throws what `systemOf` throws.
 */
export const scriptSystemOf = (model: Model, { config, switches }: Scope): System =>
  model.scripted
    ? builtSystem(model, 'scripted()', () => model.scripted!(config, switches))
    : builtSystem(model, 'system()', () => model.system(config, switches));

const builtSystem = (model: Model, what: string, build: () => System): System => {
  const wrong = (what: string) => new SpecError(`model ${model.id}: ${what}`);
  const system = guarded(`${model.id}: ${what}`, build);
  checkBuiltins(`model ${model.id}`);
  if (typeof system?.state?.canonical !== 'function' || typeof system.step !== 'function')
    throw wrong(`${what} must return { state, command, initial, step }`);
  if (system.command?.shape?.kind !== 'variant' || typeof system.command.canonical !== 'function')
    throw wrong('the command domain must be a variant');
  const initial = system.state.canonical(system.initial);
  if (initial === undefined) {
    const { path = '', reason = 'it has fields that cannot be seen' } = system.state.misfit(system.initial) ?? {};
    throw wrong(`the initial state leaves its domain at ${path || 'the top'}: ${reason}`);
  }
  return {
    ...system,
    initial,
    step: (state, command) => system.step(state, command),
  };
};

/** Every command is tried in every state. */
const mostCommands = 100_000n;
