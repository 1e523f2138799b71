import { afterEach, describe, expect, test } from 'vitest';
import { RUNTIME } from '../../src/compile/runtime-names.ts';
import type { JsonObject } from '../../src/index.ts';
import { answer, policyOf } from '../support/compile.ts';
import { generatedSources } from '../support/generated-sources.ts';
import { HOSTILE_TEXTS } from '../support/hostile.ts';

/** A policy with a text in every place where a policy can have one. */
function policyAround(text: string): string {
  // A byte-order mark may only stand at the beginning of a module, so it is written as an escape.
  const quoted = JSON.stringify(text).replaceAll('\ufeff', '\\ufeff');
  return `package a

constant := ${quoted}

listed := [${quoted}, {${quoted}}, {${quoted}: ${quoted}}, {"x": {${quoted}: input.given}}]

read := input[${quoted}]

deep := input.deep[${quoted}].x

stored := data.base[${quoted}]

from_data := data[${quoted}]

same if input.given == ${quoted}

other if input.given != ${quoted}

member if ${quoted} in input.list

set contains ${quoted} if input.given

set contains concat(${quoted}, ["a", input.given])

object[${quoted}] := input.given

below[x][${quoted}] := y if some x, y in input.pairs

chosen := 1 if input.given == ${quoted}

chosen := 2 if input.given == concat("", [${quoted}, "x"])

chosen := 3 if input.given == "none"

chosen := 4 if input.given == "nothing"

by_argument(${quoted}) := 1

by_argument("none of these") := 2

called := by_argument(input.given)

replaced := x if x := read with input[${quoted}] as ${quoted}

replaced_data := x if x := stored with data.base[${quoted}] as ${quoted}

replaced_call := x if x := by_argument("1") with by_argument as ${quoted}

taken := x if {${quoted}: x} = input.object

all := [x | some key, x in input.object; key == ${quoted}]

formatted := sprintf(${quoted}, []) == sprintf("%s", [${quoted}])
`;
}

const PATHS = policyOf(policyAround('x')).rulePaths.filter((path) => path !== 'a/by_argument');

const KEYWORDS =
  /^(?:use|strict|const|let|function|return|if|else|true|false|null|undefined|typeof|instanceof|new|break|continue|while|for|of|runtime|constants|run|args|object|found|above|scope|known|value|call|result|answered|collector|import|from|export|default|policy|loadModule|format|groups|root|queries|data|allowNet|chunks|parts|make|Map)$/;
const MEMBERS =
  /^(?:rulesEvaluated|matched|push|count|scope|memo|replaced|mocks|input|data|outer|builtins|next|key|value|member|call|length|from|build|put|add|kind|has|allocate)$/;
const GENERATED = /^[a-z]\d+(?:_\d+)?$/;

/** Every word of a source outside of its quoted strings. */
function wordsOf(source: string): readonly string[] {
  return (
    source
      .replace(/"(?:[^"\\\n]|\\.)*"/g, '""')
      .match(/[^\s(){}[\];:,.=!<>&|?"+0-9-][^\s(){}[\];:,.=!<>&|?"]*/g) ?? []
  );
}

function isOurs(word: string): boolean {
  return Object.hasOwn(RUNTIME, word) || KEYWORDS.test(word) || MEMBERS.test(word) || GENERATED.test(word);
}

afterEach(() => {
  expect('ran' in globalThis).toBe(false);
});

describe.each(HOSTILE_TEXTS)('[P-REGO-NO-INJECTION] %j', (text) => {
  test('is nowhere in the source but within quotes', () => {
    for (const source of generatedSources(policyAround(text))) {
      expect(source).toMatch(/^[\n -~]*$/);
      expect(wordsOf(source).filter((word) => !isOurs(word))).toEqual([]);
    }
  });

  test('is data in every place, on every back end', () => {
    const policy = policyOf(policyAround(text));
    const own = (value: unknown): JsonObject =>
      JSON.parse(`{${JSON.stringify(text)}: ${JSON.stringify(value)}}`);
    const input: JsonObject = {
      ...{ given: text, list: ['other', text], pairs: { p: 1, q: 2 } },
      deep: own({ x: 1 }),
      object: own(7),
    };
    const data: JsonObject = { base: own('base') };
    const quoted = JSON.stringify(text);
    const ask = (rule: string): string => answer(policy, `a/${rule}`, input, { data });
    expect(ask('constant')).toBe(answer('package a\n\nx := input', 'a/x', text));
    expect(ask('deep')).toBe('1');
    expect(ask('stored')).toBe('"base"');
    expect(ask('same')).toBe('true');
    expect(ask('other')).toBe('undefined');
    expect(ask('member')).toBe('true');
    expect(JSON.parse(ask('object'))).toEqual(own(text));
    expect(JSON.parse(ask('below'))).toEqual({ p: own(1), q: own(2) });
    expect(ask('chosen')).toBe('1');
    expect(ask('called')).toBe('1');
    expect(JSON.parse(ask('replaced'))).toBe(text);
    expect(JSON.parse(ask('replaced_data'))).toBe(text);
    expect(JSON.parse(ask('replaced_call'))).toBe(text);
    expect(ask('taken')).toBe('7');
    expect(ask('all')).toBe('[7]');
    expect(JSON.parse(ask('listed'))[0]).toBe(JSON.parse(quoted));
    // The other rules, and all of them with inputs that have nothing: no difference between back ends.
    for (const path of PATHS) {
      for (const given of [input, {}, text, own(text), { given: 'none' }]) {
        expect(() => answer(policy, path, given, { data })).not.toThrow();
      }
    }
  });

  test('is read from the value itself, never from a prototype', () => {
    const policy = policyOf(policyAround(text));
    for (const given of [
      {},
      [],
      { deep: {} },
      Object.create({ [text]: 'inherited', given: text }) as JsonObject,
    ]) {
      expect(answer(policy, 'a/read', given)).toBe('undefined');
      expect(answer(policy, 'a/deep', given)).toBe('undefined');
      expect(answer(policy, 'a/stored', given, { data: { base: {} } })).toBe('undefined');
    }
  });
});

test('[P-REGO-NO-INJECTION] a polluted prototype gives no input a member', () => {
  const policy = policyOf('package a\n\nallow if input.is_admin\n\nnested if input.user.is_admin == true\n');
  const pollute = Object.prototype as unknown as { is_admin?: boolean };
  pollute.is_admin = true;
  try {
    for (const input of [{}, { user: {} }, JSON.parse('{"user": {"is_admin": false}}') as JsonObject]) {
      expect(answer(policy, 'a/allow', input)).toBe('undefined');
      expect(answer(policy, 'a/nested', input)).toBe('undefined');
    }
    expect(answer(policy, 'a/allow', { is_admin: true })).toBe('true');
  } finally {
    delete pollute.is_admin;
  }
});
