let makeCode: (text: string) => Code;

/**
 * A fragment of JavaScript. Made only by the functions of this file, so that no text of a policy can become code: it
 * gets in by {@link literal} alone, quoted.
 */
export class Code {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }

  static {
    makeCode = (text) => new Code(text);
  }
}

/** What may stand in the holes of a template: other fragments and whole numbers, never text. */
export type CodePart = Code | number;

function partText(part: CodePart): string {
  if (part instanceof Code) return part.toString();
  if (typeof part !== 'number' || !Number.isSafeInteger(part)) throw new TypeError('no fragment of code');
  return String(part);
}

/** A fragment written out in this program, with others in its holes. */
export function code(strings: TemplateStringsArray, ...parts: readonly CodePart[]): Code {
  if (!Object.isFrozen(strings) || !Array.isArray(strings.raw)) throw new TypeError('not a template');
  let text = strings[0]!;
  parts.forEach((part, index) => {
    text += partText(part) + strings[index + 1]!;
  });
  return makeCode(text);
}

/** Fragments behind one another. */
export function join(parts: readonly Code[], separator: Code): Code {
  return makeCode(parts.join(separator.toString()));
}

/** Everything but plain printable ASCII, and what could end a script element or a comment. */
const ESCAPED = /[^ -~]|[<>/`$]/g;

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A primitive value as source text. A string stands in quotes, with escapes for all that is no plain character. */
export function literal(value: null | boolean | number | string): Code {
  if (typeof value === 'string') return makeCode(JSON.stringify(value).replace(ESCAPED, escaped));
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('not a number of JSON');
    return makeCode(value < 0 || Object.is(value, -0) ? `(${value})` : String(value));
  }
  return makeCode(value === null ? 'null' : value ? 'true' : 'false');
}

/** What the generated code names itself, by prefix: the one table of its names. */
const PREFIXES = {
  /** Values of variables. */
  slot: 's',
  temporary: 't',
  label: 'l',
  constant: 'k',
  /** Functions that read the member under one name. */
  reader: 'm',
  argument: 'a',
  /** A group's value, remembered. */
  value: 'v',
  /** A group's value, computed. */
  evaluate: 'e',
  /** A call of a function. */
  call: 'f',
  /** One rule. */
  rule: 'r',
  /** One rule of a partial group, for one key. */
  keyed: 'q',
} as const;
export type NameKind = keyof typeof PREFIXES;

/** The generated code's name for a numbered thing. */
export function nameOf(kind: NameKind, ...numbers: readonly number[]): Code {
  return makeCode(PREFIXES[kind] + numbers.map(partText).join('_'));
}
