import { parseArgs } from 'node:util';
import { cpuSeconds, failureText, fuzz, inputsPerModel, type Tally } from './run.ts';

/*
 * npm run fuzz -- [--seconds N] [--models N] [--seed N]
 *
 * Compares the searches of random models for so many seconds, 60 if not given, or of so many models. Exits with 1, and prints the model,
 * made as small as possible, when a search says something else than the plain one.
 */

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    models: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
const [seconds, models, seed] = [Number(values.seconds), Number(values.models), Number(values.seed)];
if (!(seconds > 0) || !(models > 0) || !Number.isSafeInteger(seed))
  throw new Error('--seconds and --models take positive numbers, --seed an integer');

const secondsBetweenLines = 60;
const start = performance.now();
const since = () => (performance.now() - start) / 1000;

const line = ({ models, states, calls }: Tally) =>
  `${Math.round(since())} s: ${models} models, ${states} states, ${calls} calls, ${models * inputsPerModel} inputs; ${(models / since()).toFixed(1)} models a second, ${(models / cpuSeconds()).toFixed(1)} a second of a processor`;

let isStopped = false;
process.once('SIGINT', () => {
  isStopped = true;
});

process.stdout.write(`seed ${seed}\n`);
let next = secondsBetweenLines;
const result = await fuzz({
  seed,
  hasInputs: true,
  goesOn: (tally) => {
    if (since() >= next) {
      next += secondsBetweenLines;
      process.stdout.write(`${line(tally)}\n`);
    }
    return !isStopped && since() < seconds && tally.models < models;
  },
});
if (result.failure) process.stdout.write(`\n${failureText(result.failure)}\n`);
for (const [what, times] of Object.entries(result.seen).sort(([a], [b]) => (a < b ? -1 : 1)))
  process.stdout.write(`  ${what}: ${times}\n`);
process.stdout.write(
  `the slowest took ${result.slowest.seconds.toFixed(1)} s: --seed ${result.slowest.seed} --models 1\n`,
);
process.stdout.write(`${line(result)}, ${result.failure ? 1 : 0} differences\n`);
process.exitCode = result.failure ? 1 : 0;
