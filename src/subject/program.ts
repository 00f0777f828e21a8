import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { constants as machine, tmpdir } from 'node:os';
import { join } from 'node:path';
import { kill } from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { TransitionsFailed } from '../engine/task.ts';

/** Something is wrong with a subject. The message is one line that says what was asked, what came, and the program's last words. */
export class SubjectError extends TransitionsFailed {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return Function.prototype[Symbol.hasInstance].call(SubjectError, value);
  }
}

/** One call did two things in what the subject prints as one state: what it says of calls is no ground for a verdict. */
export class HiddenStateError extends SubjectError {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return Function.prototype[Symbol.hasInstance].call(HiddenStateError, value);
  }
}

/** How long a subject may be silent, in milliseconds, unless the user says otherwise. */
export const defaultTimeout = 10_000;

/** No line of an answer is longer, in bytes. */
const longestLine = 2 ** 20;

/** So many bytes of answers are kept while a subject does not read on. */
const mostUnread = 2 ** 28;

/** So many characters of standard error are shown, from its end. */
const lastWordsLength = 300;

/** So many characters of a request are shown. */
const longestAsked = 300;

/** The file of standard error is emptied, but for its end, when it is longer, in bytes. */
const mostErrors = 2 ** 20;

const newline = 10;

/**
 * A program whose standard input and output are pipes that are written and read without waiting for the event loop: a transition is a
 * plain function, and a transition of a subject must be one as well. Neither end ever blocks, so that a subject that hangs, or that
 * writes before it has read everything, does not stop pagelaw.
 */
export class SubjectProcess {
  readonly #commandLine: string;
  readonly #timeout: number;
  readonly #pid: number;
  readonly #input: number;
  readonly #output: number;
  readonly #errors: number;
  readonly #status: number;
  #buffer = Buffer.alloc(1 << 18);
  /** What was read and not handed out lies from `#start` to `#end`. */
  #start = 0;
  #end = 0;
  #closed = false;
  /** The end of what was dropped of standard error. */
  #earlierWords = '';
  #fills = 0;
  /** The first request without an answer. */
  asked = '';

  /** Starts `commandLine`, which a shell reads. `timeout` is in milliseconds. Throws a SubjectError where nothing can be started. */
  constructor(commandLine: string, timeout = defaultTimeout) {
    this.#commandLine = commandLine;
    this.#timeout = timeout;
    const directory = mkdtempSync(join(tmpdir(), 'pagelaw-subject-'));
    try {
      const path = (name: string) => join(directory, name);
      execFileSync('mkfifo', [path('in'), path('out')]);
      const { O_RDONLY, O_RDWR, O_WRONLY, O_NONBLOCK } = constants;
      this.#output = openSync(path('out'), O_RDONLY | O_NONBLOCK);
      this.#input = openSync(path('in'), O_RDWR | O_NONBLOCK); // for reading too, as there is no reader yet
      const ends = [openSync(path('in'), O_RDONLY), openSync(path('out'), O_WRONLY)] as const;
      this.#errors = openSync(path('err'), 'a+');
      this.#status = openSync(path('status'), 'w+');
      // The shell stays, so that it can tell the exit status. Its group is killed as a whole.
      const child = spawn('/bin/sh', ['-c', `${commandLine}\necho $? >&3`], {
        stdio: [...ends, this.#errors, this.#status],
        detached: true,
      });
      child.on('error', () => undefined); // told of below
      child.unref();
      for (const end of ends) closeSync(end);
      if (child.pid === undefined)
        throw new SubjectError(`cannot start the subject ${commandLine}: there is no /bin/sh`);
      this.#pid = child.pid;
    } finally {
      rmSync(directory, { recursive: true, force: true }); // what is open stays open
    }
  }

  /** Writes requests, each ended by a newline. Reads meanwhile what the subject says, where it does not read on before that. */
  send(requests: string): void {
    const bytes = Buffer.from(requests);
    const patience = new Patience(this.#timeout);
    for (let at = 0; at < bytes.length; ) {
      const written = withoutWaiting(() => writeSync(this.#input, bytes, at, bytes.length - at));
      if (written !== undefined) {
        at += written;
        patience.renew();
      } else if (this.#fill()) {
        patience.renew();
        if (this.#end - this.#start > mostUnread) throw this.#unanswered('prints more than 256 MiB before it reads on');
      } else if (!patience.wait()) throw this.#unanswered(`does not read its input for ${this.#timeout / 1000} s`);
    }
  }

  /** The next line of the output, without its newline, its bytes as the characters of latin1. */
  line(): string {
    let patience: Patience | undefined;
    for (let looked = this.#start; ; ) {
      const at = this.#buffer.subarray(0, this.#end).indexOf(newline, looked);
      if (at >= 0) {
        const line = this.#buffer.toString('latin1', this.#start, at);
        this.#start = at + 1;
        if (this.#start === this.#end) this.#start = this.#end = 0;
        return line;
      }
      const length = this.#end - this.#start;
      if (length > longestLine) throw this.#unanswered('prints a line of more than 1 MiB');
      patience ??= new Patience(this.#timeout);
      // A part of a line renews nothing: an answer that trickles is none.
      if (!this.#fill() && !patience.wait()) throw this.#unanswered(`does not answer for ${this.#timeout / 1000} s`);
      looked = this.#start + length;
    }
  }

  /** Whether a whole line is there. */
  hasLine(): boolean {
    return this.#buffer.subarray(0, this.#end).indexOf(newline, this.#start) >= 0;
  }

  /** Waits for a line as `line` does, but lets other things go on once that takes long. False where `goesOn` says no by then. */
  async awaitLine(goesOn: () => Promise<boolean>): Promise<boolean> {
    const patience = new Patience(this.#timeout);
    while (!this.hasLine()) {
      if (this.#end - this.#start > longestLine) throw this.#unanswered('prints a line of more than 1 MiB');
      if (this.#fill()) continue;
      const isInTime = patience.isLong ? await patience.rest() : patience.wait();
      if (patience.isLong && !(await goesOn())) return false;
      if (!isInTime) throw this.#unanswered(`does not answer for ${this.#timeout / 1000} s`);
    }
    return true;
  }

  /** Reads what there is to read. Whether there was anything. */
  #fill(): boolean {
    if (this.#buffer.length - this.#end < 1 << 16) {
      const kept = this.#buffer.subarray(this.#start, this.#end);
      const room = kept.length > this.#buffer.length / 2 ? Buffer.alloc(this.#buffer.length * 2) : this.#buffer;
      kept.copy(room);
      this.#buffer = room;
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (this.#fills++ % 64 === 0) this.#boundErrors();
    const { length } = this.#buffer;
    const read = withoutWaiting(() => readSync(this.#output, this.#buffer, this.#end, length - this.#end, null));
    if (read === 0) throw this.#unanswered(this.#ending());
    this.#end += read ?? 0;
    return read !== undefined;
  }

  #ending(): string {
    const status = Number.parseInt(this.#text(this.#status), 10);
    if (!Number.isInteger(status)) return 'ended';
    const signal = Object.entries(machine.signals).find(([, number]) => number === status - 128);
    return signal ? `was ended by ${signal[0]}` : `ended with exit status ${status}`;
  }

  /** The end of a file, in one line. */
  #text(file: number): string {
    const bytes = Buffer.alloc(1 << 16);
    let [position, length] = [0, 0];
    for (let read = 1; read > 0; position += read) {
      read = readSync(file, bytes, 0, bytes.length, position);
      if (read > 0) length = read;
    }
    const text = bytes
      .subarray(0, length)
      .toString()
      .trim()
      .replaceAll(/\s*\n\s*/g, ' / ');
    return text.length > lastWordsLength ? `...${text.slice(-lastWordsLength)}` : text;
  }

  /** A subject may write to standard error without end. What it writes meanwhile may be lost. */
  #boundErrors(): void {
    if (fstatSync(this.#errors).size <= mostErrors) return;
    this.#earlierWords = this.#text(this.#errors);
    ftruncateSync(this.#errors);
  }

  /** The error that says what the subject does wrong, with its last words. */
  failure(what: string, Kind: typeof SubjectError = SubjectError): SubjectError {
    const words = this.#text(this.#errors) || this.#earlierWords;
    return new Kind(`the subject ${this.#commandLine} ${what}${words === '' ? '' : `; its last words: ${words}`}`);
  }

  #unanswered(what: string): SubjectError {
    return this.failure(`${what}${this.describeAsked()}`);
  }

  /** The request that is due, in brackets. */
  describeAsked(): string {
    if (this.asked === '') return '';
    const asked = this.asked.length > longestAsked ? `${this.asked.slice(0, longestAsked)}...` : this.asked;
    return ` (asked: ${asked})`;
  }

  /** Ends the program and all that it has started. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const file of [this.#input, this.#output, this.#errors, this.#status]) closeSync(file);
    try {
      kill(-this.#pid, 'SIGKILL');
    } catch {} // it has ended by itself
  }
}

/** What a read or a write of a pipe returns; undefined where it would have to wait. */
const withoutWaiting = (act: () => number): number | undefined => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // that a pipe is empty is no error, but comes as one
  try {
    return act();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return undefined;
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};

/** A subject answers within microseconds, as a rule; so often it is asked again before the processor is given away. */
const eagerTries = 30;
const longTries = 150;

/** Milliseconds. */
const longestRest = 20;

/** Waits, for longer and longer, until the time is up. */
class Patience {
  readonly #limit: number;
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #tries = 0;
  #until: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#until = performance.now() + limit;
  }

  renew(): void {
    this.#tries = 0;
    this.#until = performance.now() + this.#limit;
  }

  /** Whether it has waited for so long that nothing is lost by letting the event loop turn, some 20 ms. */
  get isLong(): boolean {
    return this.#tries > longTries;
  }

  /** As `wait`, while the event loop turns. */
  async rest(): Promise<boolean> {
    this.#tries++;
    await setTimeout(longestRest);
    return performance.now() < this.#until;
  }

  /** Whether there is time left. */
  wait(): boolean {
    if (this.#tries++ < eagerTries) return true;
    Atomics.wait(this.#cell, 0, 0, Math.min(this.#tries / 500, longestRest));
    return performance.now() < this.#until;
  }
}
