import { printable } from '../../printable.ts';
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

  /** A template for text and quoted attributes, not for what stands in `<script>`, `<style>` or an attribute with a URL. */
  static html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
    return new Markup(parts.map((part, i) => part + (i < values.length ? Markup.#shown(values[i]!) : '')).join(''));
  }

  static trusted(text: string): Markup {
    return new Markup(text);
  }

  static #shown(value: Value): string {
    if (typeof value !== 'object') return escaped(legible(String(value)));
    return #text in value ? value.#text : value.map(Markup.#shown).join('');
  }

  toString(): string {
    return this.#text;
  }
}

/** Anything but markup is text, and is escaped. */
type Value = string | number | Markup | readonly Markup[];

/** As a tag before a template: `html\`<td>${text}</td>\``. */
export const html = Markup.html;

/** The one way for a string to be markup: our own constant text, and pictures as the layout library draws them. */
export const trusted = Markup.trusted;

/** Each on a line of its own. */
export const lines = (parts: readonly Markup[]): Markup =>
  html`${parts.map((part, i) => (i === 0 ? part : html`\n${part}`))}`;

/** Ends of lines and tabs stay; what steers or turns text is written out. */
const legible = (text: string): string =>
  text
    .split(/(\r?\n|\t)/)
    .map((part, i) => (i % 2 === 1 ? part : printable(part)))
    .join('');
