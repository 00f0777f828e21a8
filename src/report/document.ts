/**
 * What a report consists of, for every format alike. The files beside this one write documents; those in `render/` turn a document into
 * text, Markdown or HTML, and know nothing of checks, audits or models. Strings are plain text: a renderer escapes each of them.
 */
export type Block = {
  /** Belongs to the block before it: plain text leaves no empty line between them. */
  readonly tight?: boolean;
} & (
  | Section
  | Paragraph
  | List
  | Definitions
  | Table
  | Matrix
  | Cases
  | Verdicts
  | Trace
  | Comparison
  | Graph
  | CommandLine
);

/** What a piece of text is, beside its words. A format shows it by colour, weight or not at all. */
export type Tone = 'strong' | 'good' | 'bad' | 'doubtful' | 'dim' | 'code';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** One line of text, or a paragraph: a string, or pieces of which some have a tone. */
export type Words = string | Span | readonly (string | Span)[];

export interface Section {
  readonly kind: 'section';
  /** A plain string is shown as a heading; pieces keep their own tones. */
  readonly title: Words;
  readonly blocks: readonly Block[];
  /** What a link of `Verdicts` leads to. */
  readonly id?: string;
  /** A format that can fold sections shows this one folded. */
  readonly folded?: boolean;
}

interface Paragraph {
  readonly kind: 'paragraph';
  /** Each begins a new line. */
  readonly lines: readonly Words[];
  /** Columns, in plain text. */
  readonly indent?: number;
}

export interface List {
  readonly kind: 'list';
  /** The line above the items; none if it is ''. */
  readonly intro: Words;
  readonly items: readonly Item[];
  /** Whether the items are steps, with numbers from 1; else they have bullets, or in plain text the sign. */
  readonly numbered?: boolean;
  /** What plain text has before each item. */
  readonly sign?: string;
  readonly folded?: boolean;
}

export interface Item {
  readonly text: Words;
  /** Lines below the item. */
  readonly below?: readonly Words[];
}

/** Terms, each with what is said of it below. */
export interface Definitions {
  readonly kind: 'definitions';
  readonly items: readonly { readonly term: Words; readonly body: readonly Words[] }[];
}

export interface Table {
  readonly kind: 'table';
  readonly head: readonly string[];
  readonly rows: readonly (readonly Words[])[];
  /** The columns that hold numbers. */
  readonly right?: readonly string[];
}

/** A table of short cells with more columns than a page is wide. Plain text shows it in parts, one below the other. */
export interface Matrix {
  readonly kind: 'matrix';
  /** The heads of the columns that every part begins with. */
  readonly lead: readonly string[];
  /** The heads of the other columns. */
  readonly columns: readonly string[];
  /** As many `lead` cells as there are leading columns; a cell is a list of words, one below the other. */
  readonly rows: readonly { readonly lead: readonly string[]; readonly cells: readonly (readonly Words[])[] }[];
  /** The leading and the other columns that hold numbers. */
  readonly right?: readonly string[];
  /** How plain text shows the heads: each on a line of its own above its column, or broken into lines within it. */
  readonly heads: 'staircase' | 'broken';
}

/** A table of cases: each has the leading cells, and for each label a list of conditions or effects. */
export interface Cases {
  readonly kind: 'cases';
  readonly lead: readonly string[];
  readonly labels: readonly string[];
  readonly rows: readonly Case[];
}

export interface Case {
  readonly lead: readonly string[];
  readonly fields: readonly CaseField[];
  readonly isDim: boolean;
}

export interface CaseField {
  /** The column, one of the table's labels. */
  readonly label: string;
  /** What this case has instead of the label; '' in a field that continues the one above it. */
  readonly shown?: string;
  readonly items: readonly string[];
  /** Whether the items are notation, as of fields and values, and not sentences. */
  readonly isCode: boolean;
}

/** What was found of each of several claims. */
export interface Verdicts {
  readonly kind: 'verdicts';
  readonly entries: readonly VerdictEntry[];
}

export interface VerdictEntry {
  readonly name: string;
  readonly verdict: string;
  /**
   * - `passed`: as it should be.
   * - `known`: wrong, as is known.
   * - `failed`: wrong.
   * - `open`: not decided.
   */
  readonly status: 'passed' | 'known' | 'failed' | 'open';
  /** A sentence that says what is claimed; '' for entries that stand for several. */
  readonly statement: string;
  /** What more there is to say of the verdict; '' if nothing. */
  readonly note: string;
  /** The section with the counterexample, and the number of calls in it. */
  readonly trace?: { readonly id: string; readonly calls: number };
}

/** Calls, with what each did. */
export interface Trace {
  readonly kind: 'trace';
  /** What the calls are made to. */
  readonly subject: string;
  /**
   * How much plain text shows: the calls with their results; or also what each changes, and the last state; or also the state after
   * each call.
   */
  readonly detail: 'calls' | 'changes' | 'states';
  readonly initial: readonly MarkedDrawing[];
  readonly steps: readonly TraceStep[];
  /** The index of the step that an endless loop begins with. */
  readonly loop?: number | undefined;
  /** What the trace breaks, without an end of line; undefined if that is told elsewhere, or nothing is broken. */
  readonly broken?: string | undefined;
}

export interface TraceStep {
  readonly call: string;
  /** In a model with threads: who takes the step, and what the step is called. */
  readonly lane?: { readonly thread: string; readonly step: string } | undefined;
  readonly result: string;
  readonly outcome: 'ok' | 'refused' | 'panic' | 'disabled';
  readonly changes: readonly FieldChange[];
  /** The state after the call, marked with what the call changed. */
  readonly drawing: readonly MarkedDrawing[];
  /** What the step is in the real code. */
  readonly source?: string | undefined;
  /** Why the call was refused; sentences. */
  readonly why: readonly string[];
  /** What is unusual about the step; sentences. */
  readonly remarks: readonly string[];
}

/** One field of a state before and after a call; `-` where the field does not exist. */
export interface FieldChange {
  readonly path: string;
  readonly was: string;
  readonly is: string;
}

/** A part of a state as it is drawn: lines in a table or a tree. */
export interface MarkedDrawing {
  readonly title: string;
  readonly columns: readonly string[];
  readonly isTree: boolean;
  readonly lines: readonly MarkedLine[];
}

/** A line of a drawing, with how it differs from the one before. */
export interface MarkedLine {
  readonly name: string;
  /** For each line that this one lies below, and itself, whether it is the last of its neighbours: what the guides are drawn from. */
  readonly lasts: readonly boolean[];
  readonly cells: readonly MarkedCell[];
  readonly mark: 'same' | 'changed' | 'new' | 'gone';
  /** Why the line should not be there, where the model says so. */
  readonly stale: string | undefined;
}

export interface MarkedCell {
  readonly text: string;
  /** What the cell was, if it differs. */
  readonly was?: string;
}

/** What one call does on several sides. */
export interface Comparison {
  readonly kind: 'comparison';
  readonly sides: readonly {
    readonly label: string;
    readonly result: string;
    /** What else is said of the side, in a line. */
    readonly remark?: string | undefined;
    readonly changes: readonly FieldChange[];
  }[];
}

/** Nodes and labelled edges. Plain text lists them; other formats draw them. */
export interface Graph {
  readonly kind: 'graph';
  readonly title: string;
  readonly nodes: readonly { readonly name: string; readonly isInitial: boolean }[];
  readonly edges: readonly GraphEdge[];
}

export interface GraphEdge {
  /** Positions among the nodes; `to` is undefined for an edge into a panic. */
  readonly from: number;
  readonly to: number | undefined;
  /** One below the other. */
  readonly labels: readonly string[];
  /** Whether the edge is a side effect of what its labels name. */
  readonly isSideEffect: boolean;
  readonly isRefused: boolean;
}

/** A command line, to be pasted into a shell. */
interface CommandLine {
  readonly kind: 'command';
  readonly words: readonly string[];
}

export const paragraph = (...lines: readonly Words[]): Block => ({ kind: 'paragraph', lines });

/** A paragraph that belongs to the block before it. */
export const tightParagraph = (...lines: readonly Words[]): Block => ({ kind: 'paragraph', lines, tight: true });

const toned =
  (tone: Tone) =>
  (text: string): Span => ({ text, tone });

export const strong = toned('strong');
export const good = toned('good');
export const bad = toned('bad');
export const doubtful = toned('doubtful');
export const dim = toned('dim');

/** The pieces of a line. */
export const spansOf = (words: Words): readonly (string | Span)[] =>
  typeof words === 'string' || 'tone' in words ? [words] : words;

/** The words without their tones. */
export const plainWords = (words: Words): string =>
  spansOf(words)
    .map((span) => (typeof span === 'string' ? span : span.text))
    .join('');

const noBreak = '\u00a0';

/** The text with spaces at which no line ends, if that can be. A format that does not know such spaces shows plain ones. */
export const glued = (text: string): string => text.replaceAll(' ', noBreak);

export const unglued = (text: string): string => text.replaceAll(noBreak, ' ');
