import type { Random } from '../differential/random.ts';

const TOKEN = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|[A-Za-z_]\w*|\d[\w.]*|:=|==|!=|<=|>=|\s+|[^\s\w]/gu;

/** Text that tends to trouble readers: what is left open, what nests, what no editor writes. */
const TROUBLE: readonly (() => string)[] = [
  () => '\u0000',
  () => '\ud800',
  () => '"\udfff\ud83d"',
  () => '\ufeff',
  () => '\u2028',
  () => '\u202e',
  () => '"',
  () => '`',
  () => '$"',
  () => '$"{',
  () => '$`{x',
  () => '{{{',
  () => '}}',
  () => '((((',
  () => '[[[[',
  () => '\\',
  () => '"\\u12',
  () => '"\\ud800"',
  () => '# METADATA\n# title: [\n',
  () => '# METADATA\n# entrypoint: &a [*a]\n',
  () => '1e99999',
  () => '1e-99999',
  () => '0x',
  () => '1.',
  () => '.5',
  () => '-',
  () => '9'.repeat(400),
  () => `${'['.repeat(300)}${']'.repeat(300)}`,
  () => `${'('.repeat(300)}1${')'.repeat(300)}`,
  () => `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`,
  () => `x${'.a'.repeat(500)}`,
  () => `x${'[0]'.repeat(500)}`,
  () => `${'not '.repeat(50)}x`,
  () => `1${' + 1'.repeat(400)}`,
  () => ` else := 1 if { true }`,
  () => ' with input as x',
  () => 'some x in y',
  () => 'every k, v in z { v }',
  () => ':=',
  () => '=',
  () => 'if',
  () => 'contains',
  () => 'import',
  () => 'package p.q["r"]',
  () => 'default',
  () => '__proto__',
  () => 'constructor',
  () => 'data[_][_][_]',
  () => 'input[input][data]',
  () => '\n',
  () => '\r\n',
  () => ';',
  () => ',',
  () => '|',
  () => '😀',
  () => '𝒳',
];

/** Takes a source apart into tokens and blanks; together they are the source again. */
export function tokensOf(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

type Mutation = (random: Random, tokens: string[], others: readonly string[]) => void;

const MUTATIONS: readonly Mutation[] = [
  (random, tokens) => tokens.splice(random.below(tokens.length), random.between(1, 3)),
  (random, tokens) =>
    tokens.splice(random.below(tokens.length), 0, tokens[random.below(tokens.length)] ?? ''),
  (random, tokens) => tokens.splice(random.below(tokens.length), 0, random.pick(TROUBLE)()),
  (random, tokens) => tokens.splice(random.below(tokens.length), 1, random.pick(TROUBLE)()),
  (random, tokens, others) => tokens.splice(random.below(tokens.length), 1, random.pick(others)),
  (random, tokens, others) => {
    const at = random.below(others.length);
    tokens.splice(
      random.below(tokens.length),
      random.below(8),
      ...others.slice(at, at + random.between(1, 12)),
    );
  },
  (random, tokens) => {
    const [a, b] = [random.below(tokens.length), random.below(tokens.length)];
    [tokens[a], tokens[b]] = [tokens[b]!, tokens[a]!];
  },
  (random, tokens) => {
    tokens.length = random.below(tokens.length) + 1;
  },
  (random, tokens) => {
    const at = random.below(tokens.length);
    const token = tokens[at]!;
    const cut = random.below(token.length + 1);
    tokens[at] = token.slice(0, cut) + random.pick(['', 'x', '"', '\u0000', '\ud83d']) + token.slice(cut);
  },
];

function sortOf(token: string): string {
  if (/^[A-Za-z_]/.test(token)) return 'name';
  if (/^["`]/.test(token)) return 'string';
  return /^\d/.test(token) ? 'number' : token.trim() === '' ? 'blank' : 'sign';
}

/** A source in which a token or two are others of their sort: most of them can still be read. */
function exchanged(random: Random, tokens: string[], others: readonly string[]): string {
  const values = [...tokens.keys()].filter((at) => /string|number/.test(sortOf(tokens[at]!)));
  for (let count = random.between(1, 3); count > 0; count--) {
    const at = values.length > 0 && random.chance(0.7) ? random.pick(values) : random.below(tokens.length);
    const same = [...tokens, ...others].filter((token) => sortOf(token) === sortOf(tokens[at]!));
    tokens[at] = random.pick(same);
  }
  return tokens.join('');
}

/** A source that is wrong in a few places. */
export function mutated(random: Random, text: string, other: string): string {
  const tokens = tokensOf(text);
  const others = tokensOf(other);
  if (random.chance(0.5)) return exchanged(random, tokens, others);
  for (let count = random.between(1, 4); count > 0 && tokens.length > 0 && others.length > 0; count--) {
    random.pick(MUTATIONS)(random, tokens, others);
  }
  return tokens.join('');
}
