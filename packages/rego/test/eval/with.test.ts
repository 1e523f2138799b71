import { expect, test } from 'vitest';
import { answer } from '../support/compile.ts';

function lines(...texts: readonly string[]): string {
  return ['package a', '', ...texts, ''].join('\n');
}

test('replaces input, whole and in part, for what the literal reaches', () => {
  const text = lines(
    'q := input.x',
    'p := [a, b, c] if { a := q; b := q with input.x as 2; c := q with input as {"x": 3} }',
  );
  expect(answer(text, 'a/p', { x: 1 })).toBe('[1,2,3]');
});

test('a result remembered outside is not seen inside, nor the other way round', () => {
  const text = lines(
    'q := input.x',
    'p if { q == 1; q == 2 with input.x as 2; q == 1; not q == 1 with input.x as 5 }',
  );
  expect(answer(text, 'a/p', { x: 1 })).toBe('true');
});

test('what follows sees the outer documents again, at every turn of an iteration', () => {
  const text = lines(
    'q := input.x',
    'p contains [i, o] if { some i in [1, 2]; y := q with input.x as i; o := q; y == i }',
  );
  expect(answer(text, 'a/p', { x: 9 })).toBe('[[1,9],[2,9]]');
});

test('replaces base data and rules', () => {
  const text = lines(
    'r := 1',
    'q := [data.base.k, r]',
    'p := y if y := q with data.base.k as 5 with data.a.r as 6',
  );
  expect(answer(text, 'a/p', undefined, { data: { base: { k: 0 } } })).toBe('[5,6]');
  expect(answer(text, 'a/q', undefined, { data: { base: { k: 0 } } })).toBe('[0,1]');
});

test('replaces a whole package', () => {
  const text = lines('p := y if y := data.b.x with data.b as {"x": 2}');
  expect(answer(text, 'a/p')).toBe('2');
});

test('replaces functions and builtins, also below other rules', () => {
  const text = lines(
    'g(_) := "mock"',
    'f(x) := x',
    'q := [f(1), count([1])]',
    'p := y if y := q with f as g with count as 42',
  );
  expect(answer(text, 'a/p')).toBe('["mock",42]');
  expect(answer(text, 'a/q')).toBe('[1,1]');
});

test('a function that stands in can call what it replaces', () => {
  const text = lines('f(x) := x', 'g(x) := f(x) + 1', 'p := y if y := f(1) with f as g');
  expect(answer(text, 'a/p')).toBe('2');
});

test('an undefined replacement makes the literal undefined', () => {
  const text = lines('q := 1', 'p if q with input as input.none', 'r if not q with input as input.none');
  expect(answer(text, 'a/p', {})).toBe('undefined');
});

test('with under every and in comprehensions', () => {
  const text = lines(
    'q := input',
    'p := [y | some x in [1, 2]; y := q with input as x]',
    'r if every x in [1, 2] { q == x with input as x }',
  );
  expect(answer(text, 'a/p', 0)).toBe('[1,2]');
  expect(answer(text, 'a/r', 0)).toBe('true');
});
