import { writeSync } from 'node:fs';
import { suites } from '../../properties/index.ts';
import { perform } from '../../src/engine/task.ts';
import { scopeOf } from '../../src/system/scope.ts';
import { systemOf } from '../../src/system/system.ts';
import { toySuite } from './toy-model.ts';

/**
 * A subject that is a model: it serves any model of pagelaw over the protocol, in the variant and configuration that hello names.
 * Its arguments are `--without-snapshots` and `--without-reasons`.
 */
const isPlain = process.argv.includes('--without-snapshots');
const isTerse = process.argv.includes('--without-reasons');

interface Request {
  readonly _id: number;
  readonly _hello?: number;
  readonly _model?: string;
  readonly _variant?: string;
  readonly _config?: Record<string, number>;
  readonly _switches?: Record<string, boolean | string>;
  readonly _reset?: boolean;
  readonly _from?: number;
  readonly _to?: number;
  readonly _call?: string;
}

let runnable: Parameters<typeof perform>[0] | undefined;
let state: unknown;
const slots = new Map<number, unknown>();
/** States are printed often; each is made a text once. */
const texts = new WeakMap<object, string>();

const textOf = (value: object): string => {
  const text = texts.get(value) ?? JSON.stringify(value);
  texts.set(value, text);
  return text;
};

const hello = ({ _id, _model, _variant, _config = {}, _switches = {} }: Request): string => {
  const { model } = [...suites, toySuite].find((one) => one.model.id === _model)!;
  const scope = scopeOf(model, { variant: _variant, config: _config, switches: _switches });
  runnable = { scope, system: systemOf(model, scope) };
  const { shape } = runnable.system.command;
  const calls = shape.kind === 'variant' ? Object.keys(shape.cases) : [];
  return JSON.stringify({ id: _id, protocol: 1, model: _model, calls, snapshots: !isPlain });
};

const answer = (line: string): string => {
  const request = JSON.parse(line) as Request;
  const { _id, _hello, _reset, _from, _to, _call, ...args } = request;
  if (_hello !== undefined) return hello(request);
  if (_reset) state = runnable!.system.initial;
  if (_from !== undefined) state = slots.get(_from);
  const before = state;
  let head = '"result":"ok"';
  if (!_reset) {
    const outcome = perform(runnable!, before, { kind: _call!, ...args });
    const { result, warnings } = outcome;
    const given = {
      result: result === 'refused' ? outcome.errno : result,
      ...(result === 'ok' && outcome.value !== undefined && { value: outcome.value }),
      ...(result !== 'ok' && !(isTerse && result === 'refused') && { reason: outcome.reason }),
      ...(warnings.length > 0 && { warnings }),
    };
    head = JSON.stringify(given).slice(1, -1);
    if (result !== 'disabled') state = outcome.state;
  }
  if (_to !== undefined) slots.set(_to, state);
  return `{"id":${_id},${head},${state === before && !_reset ? '"same":true' : `"state":${textOf(state as object)}`}}`;
};

const say = (text: string) => {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; )
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
};

let rest = '';
for await (const piece of process.stdin.setEncoding('utf8')) {
  const lines = (rest + piece).split('\n');
  rest = lines.pop()!;
  say(lines.map((line) => `${answer(line)}\n`).join(''));
}
