import type { Piece } from './piece.ts';
import { piece } from './piece.ts';
import type { Random } from './random.ts';
import type { KnownRule } from './scope.ts';

type FaultMaker = (random: Random, rules: readonly KnownRule[]) => string;

function nameOf(random: Random, rules: readonly KnownRule[]): string {
  return random.pick(rules).name;
}

/** Rules that OPA's compiler refuses, or that make others so. */
const FAULTS: readonly (readonly [label: string, make: FaultMaker])[] = [
  ['unsafe variable', () => 'e1 if {\n  z9 == 1\n}'],
  ['unsafe variable in negation', () => 'e1 if {\n  not input.l[z9] == 1\n}'],
  ['unsafe variable in head', () => 'e1 := z9 if {\n  input.n\n}'],
  ['unsafe variable in call', () => 'e1 if {\n  count(z9) == 1\n  input.n\n}'],
  ['unsafe variable in comprehension', () => 'e1 := [z9 | z8 > 1]'],
  ['unsafe variable in with', () => 'e1 if {\n  input.n with input as z9\n}'],
  ['recursion', (random, rules) => `e1 if {\n  ${nameOf(random, rules)}\n  e2\n}\n\ne2 if {\n  e1\n}`],
  ['recursion through itself', () => 'e1 contains x if {\n  some x in e1\n}'],
  ['recursion through package', () => 'e1 if {\n  data.t[x]\n}'],
  ['recursion of a function', () => 'e1(x) := e2(x)\n\ne2(x) := e1(x)'],
  ['unknown function', () => 'e1 if {\n  nothing.such(1)\n}'],
  ['arity', () => 'e1 if {\n  count(1, 2, 3)\n}'],
  ['second assignment', () => 'e1 if {\n  x := 1\n  x := 2\n}'],
  ['assignment after use', () => 'e1 if {\n  input.l[x]\n  x := 2\n}'],
  ['rule of two sorts', (random, rules) => `${nameOf(random, rules)} contains 1`],
  ['rule of two sorts', (random, rules) => `${nameOf(random, rules)} := 1`],
  ['rule of two sorts', (random, rules) => `${nameOf(random, rules)}(x) := x`],
  ['two defaults', () => 'default e1 := 1\n\ndefault e1 := 2'],
  ['default with a reference', () => 'default e1 := input.n'],
  ['unused declaration', () => 'e1 if {\n  some x\n  input.n\n}'],
  ['duplicate declaration', () => 'e1 if {\n  some x, x\n  input.l[x]\n}'],
  ['assignment to input', () => 'e1 if {\n  input := 1\n}'],
  ['assignment to a rule', (random, rules) => `e1 if {\n  ${nameOf(random, rules)} := 1\n}`],
  ['with of another target', () => 'e1 if {\n  input.n with foo as 1\n}'],
  ['missing brace', () => 'e1 if {\n  input.n\n'],
  [
    'stray token',
    (random) => `e1 := ${random.pick([')', ':=', '1 2', '"', '@', '`', 'if', '[1,', '{1:', '#'])}\n`,
  ],
];

/** Adds what is wrong to a module. */
export function addFault(random: Random, pieces: Piece[], rules: readonly KnownRule[], isOld: boolean): void {
  const [label, make] = random.pick(FAULTS);
  const at = random.below(pieces.length + 1);
  const written = make(random, rules);
  // Version 0 without imports has neither `if` nor `contains`.
  const text = isOld ? written.replaceAll(' if {', ' {').replaceAll(' contains ', '.') : written;
  pieces.splice(at, 0, piece('rule', `fault: ${label}`, text));
}
