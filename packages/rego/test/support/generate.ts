import * as fc from 'fast-check';
import type { Policy } from '../../src/index.ts';

/** Values that a policy's own text makes interesting. */
interface Material {
  readonly strings: readonly string[];
  readonly numbers: readonly number[];
  readonly names: readonly string[];
}

/** Reads strings, numbers and names off the modules, and makes neighbours of them. */
function materialOf(texts: readonly string[]): Material {
  const strings = new Set<string>(['', 'other', 'ä€😀']);
  // Nothing that JSON writes with an exponent: OPA's texts show a number as it was written, ours its digits.
  const numbers = new Set<number>([0, 1, -1, 0.5, 1e20, 9007199254740991]);
  const names = new Set<string>(['other']);
  for (const text of texts) {
    for (const [literal] of text.matchAll(/"(?:[^"\\\n]|\\.)*"/g))
      addString(JSON.parse(literal) as string, strings, names);
    for (const [literal] of text.matchAll(/(?<![\w.])\d+(?:\.\d+)?(?![\w.])/g)) {
      const value = Number(literal);
      for (const near of [value - 1, value, value + 1, -value, value + 0.5]) numbers.add(near);
    }
    for (const [name] of text.matchAll(/(?<=\.)[a-z_]\w*/gi)) names.add(name);
  }
  return { strings: [...strings], numbers: [...numbers], names: [...names] };
}

function addString(text: string, strings: Set<string>, names: Set<string>): void {
  strings.add(text);
  names.add(text);
  strings.add(`${text}x`);
  // A glob's neighbours: what its stars stand for, with and without what may not.
  if (text.includes('*')) {
    for (const filling of ['', 'a', 'a/b', 'a.b']) strings.add(text.replaceAll('*', filling));
  }
  for (const part of text.split('/')) strings.add(part);
}

/** Anything, made of what the policy speaks about. */
function anything({ strings, numbers, names }: Material): fc.Arbitrary<unknown> {
  const scalar = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...strings) },
    { weight: 3, arbitrary: fc.constantFrom(...numbers) },
    { weight: 1, arbitrary: fc.constantFrom(null, true, false) },
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'tree' },
      { weight: 5, arbitrary: scalar },
      { weight: 2, arbitrary: fc.array(tie('tree'), { maxLength: 3, depthIdentifier: 'tree' }) },
      { weight: 1, arbitrary: fc.uniqueArray(fc.constantFrom(...strings), { maxLength: 4 }) },
      {
        weight: 2,
        arbitrary: fc.dictionary(fc.constantFrom(...names), tie('tree'), {
          maxKeys: 4,
          depthIdentifier: 'tree',
        }),
      },
    ),
  }));
  return tree;
}

type Place = readonly [path: readonly string[], value: unknown];
const MISSING = Symbol('missing');

function assemble(places: readonly Place[]): unknown {
  const document: Record<string, unknown> = {};
  for (const [path, value] of places) {
    if (value === MISSING) continue;
    if (path.length === 0) return value;
    let at = document;
    for (const step of path.slice(0, -1)) {
      const next = at[step];
      at[step] = next !== null && typeof next === 'object' && !Array.isArray(next) ? next : {};
      at = at[step] as Record<string, unknown>;
    }
    at[path.at(-1)!] = value;
  }
  return document;
}

/** Documents for the paths that a policy reads: right values, wrong types, missing fields, extra ones. */
export function documentsFor(policy: Policy, path: string, root: 'input' | 'data'): fc.Arbitrary<unknown> {
  const material = materialOf(policy.modules.map((module) => module.text));
  const packages = policy.packages.map((name) => name.split('/'));
  const paths = policy
    .reads(path)
    [root].filter(
      (one) => root === 'input' || !packages.some((own) => own.every((step, index) => one[index] === step)),
    );
  const value = anything(material);
  const places = paths.map((one) =>
    fc
      .oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: fc.constant(MISSING) })
      .map((found): Place => [one, found]),
  );
  return fc.tuple(...places).map(assemble);
}
