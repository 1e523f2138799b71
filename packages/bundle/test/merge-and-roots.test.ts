import { canonicalJson, type Json, type JsonObject } from '@writ/decision';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rootsOverlap } from '../src/index.ts';
import { isObject, mergeDocuments, type PlacedDocument } from '../src/read-data.ts';
import { checkRoots, isBelow, rootsOfContent } from '../src/roots.ts';

const step = fc.constantFrom('a', 'b', 'ab', 'c d', 'é');
const leaf = fc.constantFrom<Json>(1, null, 'x', true, [1, 2], []);
const object = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  object: fc.dictionary(step, tie('value'), { maxKeys: 3 }) as fc.Arbitrary<JsonObject>,
  value: fc.oneof({ depthSize: 'small' }, leaf, tie('object')),
})).object;
const documents = fc
  .array(fc.tuple(fc.array(step, { maxLength: 2 }), object), { minLength: 1, maxLength: 4 })
  .map((list) =>
    list.map(([path, value], index): PlacedDocument => ({ file: `${index}/data.json`, path, value })),
  );

/** Every plain value, list and empty object of a document, with the path to it. */
function leaves(value: Json, path: readonly string[] = []): string[] {
  if (!isObject(value) || Object.keys(value).length === 0)
    return [`${path.join('/')}=${canonicalJson(value)}`];
  return Object.entries(value).flatMap(([key, member]) => leaves(member as Json, [...path, key]));
}

describe('merging documents', () => {
  it('loses nothing and makes nothing up where there is no conflict, in any order', () => {
    fc.assert(
      fc.property(documents, (list) => {
        const { data, problems } = mergeDocuments(list);
        const turned = mergeDocuments([...list].reverse());
        expect(turned.problems.length > 0).toBe(problems.length > 0);
        if (problems.length > 0) return;
        expect(canonicalJson(turned.data)).toBe(canonicalJson(data));
        const given = new Set(list.flatMap(({ path, value }) => leaves(value, path)));
        // An empty object is filled by another document.
        for (const found of leaves(data)) expect(given.has(found) || found === '={}').toBe(true);
        const merged = new Set(leaves(data));
        for (const one of given) if (!one.endsWith('={}')) expect(merged.has(one)).toBe(true);
      }),
    );
  });

  it('finds a conflict exactly where two give one place a value', () => {
    fc.assert(
      fc.property(documents, (list) => {
        const { problems } = mergeDocuments(list);
        const places = list.map(({ path, value }) =>
          leaves(value, path)
            .filter((text) => !text.endsWith('={}'))
            .map((text) => text.slice(0, text.lastIndexOf('='))),
        );
        const meets = (left: string, right: string): boolean => isBelow(left, right) || isBelow(right, left);
        const clash = places.some((own, index) =>
          places.slice(0, index).some((others) => own.some((one) => others.some((two) => meets(one, two)))),
        );
        if (clash) expect(problems.length).toBeGreaterThan(0);
        for (const problem of problems) expect(problem.code).toBe('data_conflict');
      }),
    );
  });
});

const root = fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => steps.join('/'));

describe('roots', () => {
  it('overlap exactly where a path lies below both', () => {
    fc.assert(
      fc.property(root, root, (left, right) => {
        const [one, other] = [left.split('/'), right.split('/')];
        const shared = Math.min(one.length, other.length);
        expect(rootsOverlap(left, right)).toBe(
          one.slice(0, shared).join('/') === other.slice(0, shared).join('/'),
        );
        expect(rootsOverlap(left, right)).toBe(rootsOverlap(right, left));
        expect(rootsOverlap('', left)).toBe(true);
      }),
    );
  });

  it('that are found of content hold all of it, overlap nowhere, and none can be left out', () => {
    fc.assert(
      fc.property(fc.array(root, { maxLength: 3 }), object, (packages, data) => {
        const roots = rootsOfContent(packages, data);
        const named = packages.map((path) => ({ file: 'p.rego', path }));
        expect(checkRoots(roots, named, data)).toEqual([]);
        for (const one of roots) {
          const others = roots.filter((each) => each !== one);
          expect(checkRoots(others, named, data).length).toBeGreaterThan(0);
        }
      }),
    );
  });
});
