import type { Dice } from './dice.ts';
import { lateDraft, moved, write } from './drafts.ts';
import { bool, number, words } from './expressions.ts';
import { thrown } from './looks.ts';
import {
  any,
  inCase,
  isArray,
  isRecord,
  isShape,
  isVariant,
  pathTo,
  placeAt,
  type Root,
  rootOf,
  type Scope,
  withRoots,
} from './places.ts';
import { range, type Shape } from './shape.ts';
import { block, entries, named, piece, type Tree, variable } from './tree.ts';
import { value } from './values.ts';

/** Where statements stand, which says how they can end. */
interface Where {
  /** `step`: a transition, whose state is `next`; `recipe`: of update(), with drafts. */
  readonly in: 'step' | 'recipe';
  readonly inLoop: boolean;
  /** In a callback, where only `return` can end anything, and only the callback. */
  readonly inCallback: boolean;
}

const statement = piece('statement');

/** A transition: statements that change the variable `next`, and outcomes. */
export const transition = (scope: Scope, state: Shape): Tree => {
  const inner = withRoots(scope, rootOf('state', state), rootOf('next', state));
  const where: Where = { in: 'step', inLoop: false, inCallback: false };
  const guards = block([...Array(scope.dice.pick([0, 0, 1, 2]))].map(() => exit(inner, where)!));
  const body = statements(inner, where, 2, scope.dice.int(0, 2));
  // Something happens in the end, as a rule.
  const last = block(scope.dice.oneIn(8) ? [] : [change(inner)]);
  return piece('body', ['state', 'next'])`let next = state;\n${guards}\n${body}\n${last}\n${outcome(inner)}`;
};

/** A transition that makes one change and succeeds. */
export const plainTransition = (scope: Scope, state: Shape): Tree => {
  const inner = withRoots(scope, rootOf('state', state), rootOf('next', state));
  return piece('body', [
    'state',
    'next',
  ])`let next = state;\n${block([moved(inner, state) ?? change(inner)])}\nreturn ok(next);`;
};

const errnos = ['EPERM', 'EAGAIN', 'ENOMEM'];

const outcome = (scope: Scope): Tree => {
  const { dice } = scope;
  const after = variable(dice.oneIn(12) ? 'state' : 'next');
  const made = dice.choose<Tree>(
    [12, () => piece('outcome')`ok(${after})`],
    [2, () => piece('outcome')`refuse(${after}, '${dice.pick(errnos)}', ${words(scope)})`],
    [1, () => piece('outcome')`panic(${after}, ${words(scope)})`],
    [1, () => piece('outcome')`disabled(${after}, ${words(scope)})`],
  );
  if (dice.where('wrong types', 1) && dice.oneIn(3)) return piece('return')`return ${oddOutcome(dice, made)};`;
  return piece('return')`return ${dice.oneIn(6) ? piece('outcome')`warn(${made}, 'w${dice.int(1, 2)}')` : made};`;
};

const oddOutcome = (dice: Dice, made: Tree): Tree => {
  const make = piece('outcome');
  return dice.choose<Tree>(
    [1, () => make`{ ...${made}, freed: 1 }`],
    [1, () => make`{ ...${made}, [Symbol.for('freed')]: 1 }`],
    [1, () => make`{ ...${made}, result: 'done' }`],
    [1, () => make`{ ...${made}, warnings: [${dice.pick(['undefined', 'null', 'NaN', '1n', "''", '{}', ','])}] }`],
    [1, () => make`{ ...${made}, warnings: ${dice.pick(['undefined', "'w1'", '{ length: 0 }'])} }`],
    [1, () => make`{ ...${made}, reason: ${dice.pick(['undefined', '1', "''", '{}'])} }`],
    [1, () => make`{ ...${made}, errno: ${dice.pick(['undefined', "'EWHATEVER'", '-16', "'EPERM'"])} }`],
    [1, () => make`Promise.resolve(${made})`],
    [1, () => make`${dice.pick(['undefined', 'null', '0', "'ok'", '{}', '[]'])}`],
    [1, () => make`Object.create(${made})`],
    [1, () => make`Object.freeze(${made})`],
    [1, () => make`{ ...${made}, state: ${dice.pick(['undefined', 'null', '0', '{}', '[]'])} }`],
  );
};

/** An end before the end, more often a failure than not. */
const earlyExit = (scope: Scope): Tree => {
  const { dice } = scope;
  const after = variable(dice.oneIn(3) ? 'next' : 'state');
  return dice.choose<Tree>(
    [3, () => piece('return')`return refuse(${after}, '${dice.pick(errnos)}', ${words(scope)});`],
    [3, () => piece('return')`return disabled(${after}, ${words(scope)});`],
    [1, () => piece('return')`return panic(${after}, ${words(scope)});`],
    [2, () => outcome(scope)],
  );
};

const statements = (scope: Scope, where: Where, depth: number, count: number): Tree => {
  const made: Tree[] = [];
  const declared: string[] = [];
  let inner = scope;
  for (let i = 0; i < count; i++) {
    const { dice } = scope;
    const declare = (root: Root, text: Tree) => {
      inner = withRoots(inner, root);
      declared.push(root.tree.variable!);
      return text;
    };
    const one = dice.maybe<Tree>(
      [2, () => declaration(inner, declare)],
      [depth > 0 ? 6 : 0, () => nested(inner, where, depth)],
      [6, () => (where.in === 'step' ? change(inner) : write(inner))],
      [1, () => exit(inner, where)],
    );
    if (one) made.push(one);
  }
  return block(made, declared);
};

const exit = (scope: Scope, where: Where): Tree | undefined => {
  const { dice } = scope;
  const test = bool(scope, 2);
  return dice.maybe<Tree>(
    [where.in === 'step' && !where.inCallback ? 6 : 0, () => statement`if (${test}) ${earlyExit(scope)}`],
    [where.in === 'recipe' || where.inCallback ? 2 : 0, () => statement`if (${test}) return;`],
    [where.inLoop && !where.inCallback ? 4 : 0, () => statement`if (${test}) ${dice.pick(['break', 'continue'])};`],
  );
};

/** A constant: a number, or a part of the state under a name of its own; of a draft, a draft. */
const declaration = (scope: Scope, declare: (root: Root, text: Tree) => Tree): Tree | undefined => {
  const { dice } = scope;
  const name = dice.fresh('c');
  return dice.maybe<Tree>(
    [
      3,
      () => {
        const path = pathTo(scope, ({ steps }) => steps.length > 0, isShape);
        if (!path) return undefined;
        const draft = path.root.draft && 'id' in path.shape ? ('parts' as const) : undefined;
        return declare(rootOf(name, path.shape, draft), statement`const ${name} = ${placeAt(scope, path)};`);
      },
    ],
    [
      2,
      () => {
        const [min, max] = [0, dice.int(1, 3)];
        const text = statement`const ${name} = Math.max(${min}, Math.min(${max}, ${number(scope, 2)}));`;
        return declare(rootOf(name, range(min, max)), text);
      },
    ],
    [
      2,
      () => {
        const path = pathTo(scope, ({ shape }) => 'id' in shape, isShape);
        if (!path) return undefined;
        return declare(rootOf(name, path.shape), statement`const ${name} = ${value(scope, path.shape, 2)};`);
      },
    ],
  );
};

/** Statements within a condition or a loop. */
const nested = (scope: Scope, where: Where, depth: number): Tree | undefined => {
  const { dice } = scope;
  const inner = (more: Scope = scope, at: Partial<Where> = {}) =>
    statements(more, { ...where, ...at }, depth - 1, dice.int(1, 3));
  const looped = { inLoop: true };
  const test = () => bool(scope, 2);
  return dice.maybe<Tree>(
    [2, () => statement`if (${test()}) {\n${inner()}\n}`],
    [2, () => statement`if (${test()}) {\n${inner()}\n} else {\n${inner()}\n}`],
    [
      3,
      () => {
        const path = pathTo(scope, any, isVariant);
        if (!path) return undefined;
        const { place, kind, root } = inCase(scope, path);
        return statement`if (${place}.kind === ${kind}) {\n${inner(withRoots(scope, root))}\n}`;
      },
    ],
    [
      4,
      () => {
        const path = pathTo(scope, any, isArray);
        if (!path) return undefined;
        const place = placeAt(scope, path);
        const [x, i] = [dice.fresh('x'), dice.fresh('i')];
        const of = rootOf(i, range(0, path.shape.length - 1));
        const isDraft = path.root.draft !== undefined;
        const element = rootOf(x, path.shape.element, isDraft && 'id' in path.shape.element ? 'parts' : undefined);
        // An element of a draft by its index can be assigned to as well.
        const byIndex: Root = {
          tree: piece('place')`${place}[${variable(i)}]`,
          shape: path.shape.element,
          ...(isDraft && { draft: 'itself' as const }),
        };
        const loop = piece('statement', [x, i]);
        return dice.choose<Tree>(
          [
            4,
            () =>
              loop`for (const [${i}, ${x}] of ${place}.entries()) {\n${inner(withRoots(scope, of, element), looped)}\n}`,
          ],
          [2, () => loop`for (const ${x} of ${place}) {\n${inner(withRoots(scope, element), looped)}\n}`],
          [
            3,
            () =>
              loop`for (let ${i} = 0; ${i} < ${place}.length; ${i}++) {\n${inner(withRoots(scope, of, byIndex), looped)}\n}`,
          ],
          [
            2,
            () =>
              loop`${place}.forEach((${x}, ${i}) => {\n${inner(withRoots(scope, of, element), { inLoop: false, inCallback: true })}\n});`,
          ],
        );
      },
    ],
    [
      1,
      () => {
        const path = pathTo(scope, any, isArray);
        if (!path || !('id' in path.shape.element)) return undefined;
        const [x, found] = [dice.fresh('x'), dice.fresh('f')];
        const { element } = path.shape;
        const first = piece('value', [
          x,
        ])`${placeAt(scope, path)}.find((${x}) => ${bool(withRoots(scope, rootOf(x, element)), 1)})`;
        const of = rootOf(found, element, path.root.draft && 'parts');
        return piece('statement', [
          found,
        ])`const ${found} = ${first};\nif (${found}) {\n${inner(withRoots(scope, of))}\n}`;
      },
    ],
    [
      1,
      () => {
        const path = pathTo(scope, any, isRecord);
        if (!path) return undefined;
        const place = placeAt(scope, path);
        const key = dice.fresh('k');
        return piece('statement', [
          key,
        ])`for (const ${key} of Object.keys(${place})) {\nif (${place}[${key}] === ${dice.pick(['0', 'true', "'idle'"])}) {\n${inner(scope, looped)}\n}\n}`;
      },
    ],
  );
};

/** A change of the variable `next` in a transition. */
const change = (scope: Scope): Tree => {
  const { dice } = scope;
  const next = scope.roots.find(({ tree }) => tree.variable === 'next')!;
  const { shape } = next;
  const to = variable('next');
  return dice.choose<Tree>(
    ['id' in shape ? 8 : 0, () => updated(scope, shape)],
    ['id' in shape ? dice.where('late drafts', 8) : 0, () => lateDraft(scope, shape)],
    [dice.where('throws', dice.oneIn(4) ? 4 : 0), () => statement`throw ${thrown(dice)};`],
    [2, () => (scope.alike ? undefined : statement`${to} = ${value(scope, shape, 3)};`)],
    [
      3,
      () => {
        if (shape.kind !== 'record') return undefined;
        const fields = shape.fields.filter(([name]) => !scope.alike?.arrays.some(([alike]) => alike === name));
        if (fields.length === 0) return undefined;
        const [name, inner] = dice.pick(fields);
        const given = piece('entry')`${named(name, `${shape.id}.${name}`)}: ${value(scope, inner, 3)}`;
        return statement`${to} = { ...${to}, ${entries([given])} };`;
      },
    ],
  );
};

const updated = (scope: Scope, shape: Shape): Tree => {
  const { dice } = scope;
  const d = dice.fresh('d');
  const inner = withRoots(scope, rootOf(d, shape, 'parts'));
  const where: Where = { in: 'recipe', inLoop: false, inCallback: false };
  const last = dice.oneIn(4) ? undefined : write(inner);
  const recipe = piece('recipe')`${statements(inner, where, 2, dice.int(0, 2))}\n${block(last ? [last] : [])}`;
  const next = variable('next');
  const make = piece('statement', [d]);
  if (scope.alike) return make`${next} = update(${next}, (${d}) => {\n${recipe}\n});`;
  const whole = value(inner, shape, 2);
  return dice.choose<Tree>(
    [6, () => make`${next} = update(${next}, (${d}) => {\n${recipe}\n});`],
    [1, () => make`${next} = update(${value(scope, shape, 2)}, (${d}) => {\n${recipe}\n});`],
    [dice.where('immer', 3), () => make`${next} = produce(${next}, (${d}) => {\n${recipe}\n});`],
    [dice.where('immer', 3), () => make`${next} = produce(${value(scope, shape, 2)}, (${d}) => {\n${recipe}\n});`],
    [dice.where('returning recipes', 3), () => make`${next} = update(${next}, (${d}) => (${whole}));`],
    [
      dice.where('returning recipes', 2),
      () => make`${next} = update(${next}, (${d}) => {\n${recipe}\nreturn ${variable(d)};\n});`,
    ],
    [dice.where('immer', 2), () => make`${next} = update(${next}, (${d}) => {\n${recipe}\nreturn ${whole};\n});`],
  );
};
