import type { Value } from '../../src/index.ts';
import { fromJson, isObject, makeObject, objectEntries, toJson } from '../../src/index.ts';
import type { TextProgram } from './engines.ts';
import type { Piece } from './piece.ts';
import { piece, textOf } from './piece.ts';
import type { GeneratedProgram } from './program.ts';

/** The program as text. */
export function textProgram(program: GeneratedProgram): TextProgram {
  return {
    modules: Object.fromEntries(program.modules.map(({ file, rules }) => [file, textOf(rules)])),
    regoVersion: program.regoVersion,
    data: program.data,
    strict: program.strict,
    questions: program.questions.map(({ query, input, path }) => ({ query: textOf(query), input, path })),
  };
}

/** How many smaller programs are tried at most. */
const TRIES = 1_500;
/** Tried at once, because each try is a question to another process. */
const AT_ONCE = 12;

/**
 * Makes a program smaller for as long as what is of interest stays: fewer questions, modules, rules, statements,
 * smaller terms and documents.
 *
 * @param stays for each of some programs, whether it still shows the fault
 */
export async function minimise(
  program: GeneratedProgram,
  stays: (candidates: readonly GeneratedProgram[]) => Promise<readonly boolean[]>,
): Promise<GeneratedProgram> {
  let best = program;
  let tries = 0;
  for (;;) {
    let found = false;
    const candidates = smaller(best);
    while (tries < TRIES) {
      const some = take(candidates, AT_ONCE);
      if (some.length === 0) break;
      tries += some.length;
      const index = (await stays(some)).indexOf(true);
      if (index >= 0) {
        best = some[index]!;
        found = true;
        break;
      }
    }
    if (!found) return best;
  }
}

function take<T>(from: Generator<T>, most: number): T[] {
  const taken: T[] = [];
  while (taken.length < most) {
    const { done, value } = from.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

function* smaller(program: GeneratedProgram): Generator<GeneratedProgram> {
  const { modules, questions } = program;
  if (questions.length > 1) for (const one of questions) yield { ...program, questions: [one] };
  for (const one of modules)
    if (modules.length > 1) yield { ...program, modules: modules.filter((other) => other !== one) };
  if (program.strict) yield { ...program, strict: false };
  for (const [index, module] of modules.entries()) {
    for (const rules of smallerPieces(module.rules)) {
      yield { ...program, modules: modules.with(index, { ...module, rules }) };
    }
  }
  for (const [index, question] of questions.entries()) {
    for (const query of question.path === undefined ? smallerPieces(question.query) : []) {
      yield { ...program, questions: questions.with(index, { ...question, query }) };
    }
    if (question.input !== undefined) {
      yield { ...program, questions: questions.with(index, { ...question, input: undefined }) };
      for (const input of smallerJson(question.input)) {
        yield { ...program, questions: questions.with(index, { ...question, input }) };
      }
    }
  }
  for (const data of smallerJson(program.data)) yield { ...program, data };
}

/** Trees with one thing taken away or made smaller, the largest steps first. */
function* smallerPieces(one: Piece): Generator<Piece> {
  if (one.joined !== undefined) yield* withFewer(one);
  if (one.role === 'term') yield* smallerTerms(one);
  if (one.role === 'statement') yield* statementsInside(one);
  for (const [index, part] of one.parts.entries()) {
    if (typeof part === 'string') continue;
    for (const less of smallerPieces(part)) yield { ...one, parts: one.parts.with(index, less) };
  }
}

function* withFewer(one: Piece): Generator<Piece> {
  const { parts } = one;
  const fewest = one.fewest ?? 0;
  for (let size = parts.length; size >= 1; size = Math.floor(size / 2)) {
    if (parts.length - size < fewest) continue;
    for (let at = 0; at + size <= parts.length; at += size) {
      yield { ...one, parts: parts.toSpliced(at, size) };
    }
  }
}

const SMALLEST = ['1', '"a"', 'true', '[]', '{}', 'input'];

function* smallerTerms(one: Piece): Generator<Piece> {
  const length = textOf(one).length;
  for (const part of within(one, 'term')) yield part;
  for (const text of SMALLEST) if (text.length < length) yield piece('term', '', text);
}

function* statementsInside(one: Piece): Generator<Piece> {
  for (const part of within(one, 'statement')) yield part;
}

function* within(one: Piece, role: Piece['role']): Generator<Piece> {
  for (const part of one.parts) {
    if (typeof part === 'string') continue;
    if (part.role === role) yield part;
    yield* within(part, role);
  }
}

function* smallerJson(text: string): Generator<string> {
  for (const value of smallerValues(fromJson(text)!)) {
    const made = toJson(value);
    if (made.length < text.length) yield made;
  }
}

function* smallerValues(value: Value): Generator<Value> {
  if (Array.isArray(value)) {
    const items = value as readonly Value[];
    for (const [index, item] of items.entries()) {
      yield items.toSpliced(index, 1);
      for (const less of smallerValues(item)) yield items.with(index, less);
    }
  } else if (isObject(value)) {
    const entries = objectEntries(value);
    for (let size = entries.length; size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at + size <= entries.length; at += size) yield makeObject(entries.toSpliced(at, size));
    }
    for (const [index, [key, held]] of entries.entries()) {
      for (const less of smallerValues(held)) yield makeObject(entries.with(index, [key, less]));
    }
  } else if (typeof value === 'string' && value.length > 1) {
    yield 'a';
    yield value.slice(1);
    yield value.slice(0, -1);
  }
}
