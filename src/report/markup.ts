import { printable } from '../spec/printable.ts';
import { escaped } from './xml.ts';

/**
 * HTML that may become part of a page. Nothing but `html` and `trusted` makes it, so that text of a model, a file or an argument reaches
 * a page as text, wherever it is put.
 */
export class Markup {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  static #of(text: string): Markup {
    return new Markup(text);
  }

  /** A template for text and quoted attributes, not for what stands in `<script>`, `<style>` or an attribute with a URL. */
  static readonly html = (parts: TemplateStringsArray, ...values: readonly Value[]): Markup =>
    Markup.#of(parts.map((part, i) => part + (i < values.length ? shown(values[i]!) : '')).join(''));

  static readonly trusted = (text: string): Markup => Markup.#of(text);

  toString(): string {
    return this.#text;
  }
}

/** Anything but markup is text, and is escaped. */
type Value = string | number | Markup | readonly Markup[];

/** As a tag before a template: `html\`<td>${text}</td>\``. */
export const { html } = Markup;

/** The one way for a string to be markup: our own constant text, and pictures as the layout library draws them. */
export const { trusted } = Markup;

/** Each on a line of its own. */
export const lines = (parts: readonly Markup[], ending = '\n'): Markup => trusted(parts.join(ending));

function shown(value: Value): string {
  if (value instanceof Markup) return String(value);
  if (typeof value === 'object') return value.map(shown).join('');
  return escaped(
    String(value)
      .split(/(\r?\n|\t)/)
      .map((part, i) => (i % 2 === 1 ? part : printable(part)))
      .join(''),
  );
}
