import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Code } from '../../src/compile/code.ts';
import { code, join, literal, nameOf } from '../../src/compile/code.ts';
import { RUNTIME, RUNTIME_HEADER } from '../../src/compile/runtime-names.ts';
import { HOSTILE_TEXTS } from '../support/hostile.ts';

/** What JavaScript makes of a fragment. */
function read(fragment: Code): unknown {
  return new Function(`return ${fragment};`)();
}

/** One literal, and nothing after it: plain characters, and escapes that end no string and no script. */
const STRING_LITERAL = /^"(?:[ !#-;=?-[\]-_a-~]|\\["\\bfnrt]|\\u[0-9a-f]{4})*"$/;

describe('literals', () => {
  test.each(HOSTILE_TEXTS)('[P-REGO-NO-INJECTION] %j is read back as it is, from within quotes', (text) => {
    expect(String(literal(text))).toMatch(STRING_LITERAL);
    expect(read(literal(text))).toBe(text);
  });

  test('[P-REGO-NO-INJECTION] so is any string', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...HOSTILE_TEXTS, '"', '\\', '\n', '\u2028', '\ud800', 'u') }),
    );
    fc.assert(
      fc.property(anything, (text) => {
        expect(String(literal(text))).toMatch(STRING_LITERAL);
        expect(read(literal(text))).toBe(text);
      }),
    );
  });

  test('numbers, also where a sign would join what stands before', () => {
    for (const value of [0, -0, 1, -1, 0.1, -0.5, 1e300, 5e-324, 2 ** 53]) {
      expect(read(code`1 - ${literal(value)}`)).toBe(1 - value);
    }
    expect(() => literal(Number.NaN)).toThrow(TypeError);
    expect(() => literal(Number.POSITIVE_INFINITY)).toThrow(TypeError);
  });

  test('null and booleans', () => {
    expect([null, true, false].map((value) => read(literal(value)))).toEqual([null, true, false]);
  });
});

describe('fragments', () => {
  test('[P-REGO-NO-INJECTION] take no text in their holes, whatever its type says', () => {
    for (const part of ['x', '1', null, undefined, {}, [], { toString: () => 'x' }, 0.5, Number.NaN]) {
      expect(() => code`${part as unknown as number}`).toThrow(TypeError);
    }
  });

  test('[P-REGO-NO-INJECTION] are not made from an array that is no template', () => {
    const forged = Object.assign(['alert()'], { raw: ['alert()'] }) as unknown as TemplateStringsArray;
    expect(() => code(forged)).toThrow(TypeError);
  });

  test('names are numbered, never spelled', () => {
    expect(String(join([nameOf('slot', 3), nameOf('rule', 1, 2)], code`, `))).toBe('s3, r1_2');
    expect(() => nameOf('slot', 'x' as unknown as number)).toThrow(TypeError);
  });
});

test('the header takes exactly the names of the runtime', () => {
  const names = new Function('runtime', `${RUNTIME_HEADER} return [${Object.keys(RUNTIME).join()}];`);
  expect(names(RUNTIME)).toEqual(Object.values(RUNTIME));
  const taken = /\{([^}]*)\}/.exec(String(RUNTIME_HEADER))![1]!.match(/\w+/g)!;
  expect(taken.sort()).toEqual(Object.keys(RUNTIME).sort());
});
