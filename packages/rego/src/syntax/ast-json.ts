import type { Comment, Location } from './ast.ts';

/** What `moduleToAst` gives: plain JSON values; numbers that JavaScript writes in another way are raw JSON. */
export type AstJson = null | boolean | number | string | RawNumber | readonly AstJson[] | AstObject;
export interface AstObject {
  readonly [name: string]: AstJson | undefined;
}
/** A term in that shape: `{"type": "string", "value": "a"}`. */
export interface AstTerm extends AstObject {
  readonly type: string;
  readonly value: AstJson;
}

/** A number with its text, which `JSON.stringify` writes as it is. */
export interface RawNumber {
  readonly rawJSON: string;
}

/** Part of ECMAScript's next edition, and of every engine that this package supports. */
const rawJson = (JSON as { rawJSON?: (text: string) => RawNumber }).rawJSON;

/** A number as it is written in the source. */
export function numberJson(text: string): number | RawNumber {
  const number = Number(text);
  return String(number) === text || rawJson === undefined ? number : rawJson(text);
}

export function isRawNumber(value: AstJson): value is RawNumber {
  return typeof value === 'object' && value !== null && 'rawJSON' in value;
}

/** What the printed tree tells beside its nodes, as `opa parse --json-include` chooses. */
export interface AstOptions {
  /** Each node with its place and, in base64, its text. */
  readonly locations?: boolean;
  /** The comments of the module; they are given unless this is false. */
  readonly comments?: boolean;
}

/** Writes places of nodes, or nothing where none are wanted. */
export class AstLocations {
  readonly #text: string;
  readonly #wanted: boolean;

  constructor(text: string, wanted: boolean) {
    this.#text = text;
    this.#wanted = wanted;
  }

  /** `{location}`, to be spread into a node; `textStart` where the text begins before the place. */
  of(location: Location, textStart = location.start): { readonly location?: AstObject } {
    return this.#wanted ? { location: this.always(location, textStart) } : {};
  }

  /** The place of a statement whose text is only its first word there. */
  word(location: Location, length: number): { readonly location?: AstObject } {
    return this.of({ ...location, end: location.start + length });
  }

  /** The place of an annotation, whose text is that of the whole block written out again. */
  block(location: Location): { readonly location?: AstObject } {
    if (!this.#wanted) return {};
    const [marker = '', ...lines] = this.#text.slice(location.start, location.end).split(/\r*\n/);
    const text = ['# METADATA', ...lines.map((line) => `# ${line.replace(/^# ?/, '')}`)].join('\n');
    return {
      location: { ...this.always(location, location.start), ...(marker !== '' && { text: base64(text) }) },
    };
  }

  always({ file, row, column, end }: Location, textStart: number): AstObject {
    const text = this.#wanted ? { text: base64(this.#text.slice(textStart, end)) } : {};
    return { file, row, col: column, ...(text.text !== '' && text) };
  }

  /** A comment; the one that opens an annotation has the place, and the text, of the whole of it. */
  comment({ text, location }: Comment, annotation: Location | undefined): AstObject {
    const whole = annotation && this.block(annotation).location;
    return { Text: base64(text), Location: whole ?? this.always(location, location.start) };
  }
}

function base64(text: string): string {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
