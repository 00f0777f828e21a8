import { show } from '../spec/domain.ts';
import type { Drawing, Line } from '../spec/drawing.ts';
import { SpecError } from '../spec/errors.ts';
import type { Command, Config, Lane, Model } from '../spec/model.ts';
import type { Property } from '../spec/property.ts';
import { guarded } from './guarded.ts';
import type { Scope } from './scope.ts';

/**
 * Asks a function of a model's author, and checks its answer against its type: the author need not write TypeScript. Throws a SpecError
 * that says which function it was.
 */
const asked = <T>(what: string, ask: () => T, misfit: (answer: unknown) => string | undefined): T => {
  const answer = guarded(what, ask);
  const wrong = misfit(answer);
  if (wrong === undefined) return answer;
  throw new SpecError(`${what} returned ${wrong}`);
};

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

/** Whether a property has a meaning in the scope. */
export const applies = (property: Property, { model, config, switches }: Scope): boolean =>
  asked(
    `${model}: applies() of property ${property.id}`,
    () => property.applies(switches, config),
    (answer) => (typeof answer === 'boolean' ? undefined : `${show(answer)}; it must say true or false`),
  );

/** The values for which a property is judged in the scope: [undefined] if it has no `forEach`. */
export const instancesOf = (property: Property, { model, config }: Scope): readonly unknown[] =>
  asked(
    `${model}: forEach() of property ${property.id}`,
    () => property.instances(config),
    (answer) => (Array.isArray(answer) ? undefined : `${show(answer)}; it must give an array of instances`),
  );

/** What is wrong with what a property's function returned, as the end of a sentence about the property; undefined if nothing is. */
export const misfitOfJudgement = (
  { on, witness }: Pick<Property, 'on' | 'witness'>,
  value: unknown,
): string | undefined => {
  if (typeof value === 'boolean') return undefined;
  if (value instanceof Promise) {
    value.catch(() => undefined);
    return 'returned a promise; it must not be async';
  }
  if (witness) return `returned ${show(value)} from when(); it must say true or false`;
  if (on === 'path') return `returned ${show(value)} from waiting(); it must say true or false`;
  if (typeof value === 'string' && value !== '') return undefined;
  return `returned ${show(value)}; it must say true, false, or in words what is wrong`;
};

/** The line that says how to read arguments; undefined for a model that has none. */
export const legendOf = ({ id, legend }: Model, config: Config): string | undefined =>
  legend &&
  asked(
    `${id}: legend()`,
    () => legend(config),
    (answer) => (isText(answer) ? undefined : `${show(answer)}; it must return a line of text`),
  );

/** How the model draws a state; undefined for a model that does not say. */
export const drawingOf = (
  { id, draw }: Model,
  { config, switches }: Scope,
): ((state: unknown) => readonly Drawing[]) | undefined =>
  draw && ((state) => asked(`${id}: draw()`, () => draw(state, config, switches), misfitOfDrawings));

/** The model's function that says of which thread's step a call is; undefined for a model without threads. */
export const laneOf = ({
  id,
  lane,
}: Model): ((step: { before: unknown; command: Command }) => Lane | undefined) | undefined =>
  lane && (({ before, command }) => asked(`${id}: lane()`, () => lane(before, command), misfitOfLane));

/** The pages that `classify` is asked for: [0] for a model that classifies its whole state. */
export const pagesOf = ({ id, pages }: Model, config: Config): readonly number[] =>
  pages
    ? asked(
        `${id}: pages()`,
        () => pages(config),
        (answer) =>
          Array.isArray(answer) && [...answer].every(Number.isSafeInteger)
            ? undefined
            : `${show(answer)}; it must return an array of integers`,
      )
    : [0];

/** The class that a page is in; undefined for none, and for a model that does not classify. */
export const pageClassOf = (
  { id, classify }: Model,
  { config, switches }: Scope,
  state: unknown,
  page: number,
): string | undefined =>
  classify &&
  asked(
    `${id}: classify()`,
    () => classify(state, page, config, switches),
    (answer) =>
      answer === undefined || isText(answer)
        ? undefined
        : `${show(answer)}; it must return the name of a class, or undefined`,
  );

/** Whether a call names a page; true where the model does not say. */
export const namesPage = (
  { id, names }: Model,
  { config }: Scope,
  state: unknown,
  command: Command,
  page: number,
): boolean =>
  names === undefined ||
  asked(
    `${id}: names()`,
    () => names(state, command, page, config),
    (answer) => (typeof answer === 'boolean' ? undefined : `${show(answer)}; it must return true or false`),
  );

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const misfitOfLane = (lane: unknown): string | undefined =>
  lane === undefined || (isRecord(lane) && isText(lane.thread) && isText(lane.step))
    ? undefined
    : `${show(lane)}; it must return { thread, step }, two texts, or undefined`;

const isTexts = (value: unknown): boolean => Array.isArray(value) && [...value].every((one) => typeof one === 'string');

const misfitOfDrawings = (drawings: unknown): string | undefined => {
  if (!Array.isArray(drawings)) return `${show(drawings)}; it must return an array of drawings`;
  for (const drawing of drawings) {
    if (!isRecord(drawing) || typeof drawing.title !== 'string' || !isTexts(drawing.columns))
      return `the drawing ${show(drawing)}; it must have a title, columns (texts) and lines`;
    const wrong = misfitOfLines(drawing.lines);
    if (wrong !== undefined) return `the drawing ${show(drawing.title)} with ${wrong}`;
  }
  return undefined;
};

const misfitOfLines = (lines: unknown): string | undefined => {
  if (!Array.isArray(lines)) return `the lines ${show(lines)}; they must be an array`;
  for (const line of lines as readonly Line[]) {
    if (!isRecord(line) || typeof line.name !== 'string' || !isTexts(line.cells))
      return `the line ${show(line)}; a line must have a name and cells (texts)`;
    if (line.stale !== undefined && typeof line.stale !== 'string')
      return `a line whose stale is ${show(line.stale)}; it must be a text`;
    const wrong = line.below === undefined ? undefined : misfitOfLines(line.below);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
};
