import type { OracleError, OracleProgramAnswer } from '@writ/testing';
import type { Diagnostic, EvaluationResult, QueryResult, Value } from '../../src/index.ts';
import { compare, equal, fromJson, objectEntries, RegoSet, toJson, typeName } from '../../src/index.ts';
import { compareStrings } from '../../src/value/index.ts';

/** An error as both engines give it. */
export interface OutcomeError {
  readonly code: string;
  readonly message: string;
  readonly file: string;
  readonly row: number;
  readonly col: number;
}

/** What a question gave, in a form that both engines' answers are brought to. */
export type Outcome =
  /** The value of a document, or the bindings of all results, in JSON text without loss. */
  | { readonly kind: 'values'; readonly texts: readonly string[] }
  | { readonly kind: 'errors'; readonly errors: readonly OutcomeError[] };

/** A value as JSON text that tells sets from arrays and keeps keys that are no strings; as the oracle writes them. */
export function typedText(value: Value): string {
  if (value instanceof RegoSet) return `{"$set":[${value.sorted().map(typedText).join(',')}]}`;
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(typedText).join(',')}]`;
  if (typeName(value) !== 'object') return toJson(value);
  const entries = [...(objectEntries(value as never) as Iterable<readonly [Value, Value]>)].sort(([a], [b]) =>
    compare(a, b),
  );
  if (entries.every(([key]) => typeof key === 'string')) {
    return `{${entries.map(([key, held]) => `${toJson(key)}:${typedText(held)}`).join(',')}}`;
  }
  return `{"$object":[${entries.map(([key, held]) => `[${typedText(key)},${typedText(held)}]`).join(',')}]}`;
}

interface Place {
  readonly file?: string | undefined;
  readonly row?: number | undefined;
  readonly column?: number | undefined;
}

function errorAt(code: string, message: string, location: Place | undefined): OutcomeError {
  const { file = '', row = 0, column: col = 0 } = location ?? {};
  // A query stands in no file; what its rows are called differs.
  return { code, message, file: file === 'query' ? '' : file, row, col };
}

export function ofDiagnostics(diagnostics: readonly Diagnostic[]): Outcome {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return {
    kind: 'errors',
    errors: errors.map(({ code, message, location }) => errorAt(code, message, location)),
  };
}

export function ofDocument(result: EvaluationResult): Outcome {
  switch (result.kind) {
    case 'undefined':
      return { kind: 'values', texts: [] };
    case 'value':
      return { kind: 'values', texts: [typedText(result.value)] };
    case 'error':
      return { kind: 'errors', errors: [errorAt(result.code, result.message, result.location)] };
  }
}

export function ofBindings(result: QueryResult): Outcome {
  if (result.kind === 'error') return ofDocument(result);
  return { kind: 'values', texts: bindingTexts(result.bindings, typedText) };
}

function bindingTexts<T>(
  bindings: readonly Readonly<Record<string, T>>[],
  text: (value: T) => string,
): string[] {
  const texts = bindings.map((one) => {
    const names = Object.keys(one).sort();
    return `{${names.map((name) => `"${name}":${text(one[name]!)}`).join(',')}}`;
  });
  return [...new Set(texts)].sort();
}

export function ofOracleErrors(errors: readonly OracleError[]): Outcome {
  return {
    kind: 'errors',
    errors: errors.map((one) => errorAt(one.code, one.message, { ...one, column: one.col })),
  };
}

/** OPA's answer; of a document its value, of a query the bindings of results that no false expression stands in. */
export function ofOracle(answer: OracleProgramAnswer, isDocument: boolean): Outcome {
  if (answer.errors !== undefined) return ofOracleErrors(answer.errors);
  if (isDocument)
    return { kind: 'values', texts: answer.results.slice(0, 1).map((one) => one.expressions[0]!) };
  const true_ = answer.results.filter(({ expressions }) => !expressions.includes('false'));
  return {
    kind: 'values',
    texts: bindingTexts(
      true_.map(({ bindings }) => bindings),
      (text) => text,
    ),
  };
}

/** Whether both say the same; numbers may be written differently. */
export function sameOutcome(ours: Outcome, theirs: Outcome): boolean {
  if (ours.kind === 'errors' || theirs.kind === 'errors') {
    return ours.kind === 'errors' && theirs.kind === 'errors' && sameErrors(ours.errors, theirs.errors);
  }
  if (ours.texts.length !== theirs.texts.length) return false;
  if (ours.texts.every((text, index) => text === theirs.texts[index])) return true;
  const values = (texts: readonly string[]): RegoSet => RegoSet.from(texts.map((text) => fromJson(text)!));
  return equal(values(ours.texts), values(theirs.texts));
}

/** What follows a parser's first error depends on how it goes on after it: only the first one counts. */
function counted(errors: readonly OutcomeError[]): readonly OutcomeError[] {
  return errors[0]?.code === 'rego_parse_error' ? errors.slice(0, 1) : errors;
}

/** In the words of a library of Go's, as a rule; nobody else could say the same. */
const WORDS_OF_LIBRARIES = new Set(['eval_builtin_error']);

/** Generated variables are numbered in the order in which a compiler comes to need them: the number tells nothing. */
export function withoutNumbers(message: string): string {
  return message.replace(/__local(q?)\d+__/g, '__local__');
}

function sameErrors(all: readonly OutcomeError[], others: readonly OutcomeError[]): boolean {
  const ours = inOrder(counted(all));
  const theirs = inOrder(counted(others));
  return (
    ours.length === theirs.length &&
    ours.every((one, index) => {
      const other = theirs[index]!;
      return (
        one.code === other.code &&
        (withoutNumbers(one.message) === withoutNumbers(other.message) || WORDS_OF_LIBRARIES.has(one.code)) &&
        (other.row === 0 || (one.row === other.row && one.col === other.col))
      );
    })
  );
}

/** Those of one place by their words: of a query OPA gives them in any order. */
function inOrder(errors: readonly OutcomeError[]): readonly OutcomeError[] {
  const words = ({ code, message }: OutcomeError): string => `${code}: ${withoutNumbers(message)}`;
  return errors.toSorted(
    (a, b) =>
      compareStrings(a.file, b.file) || a.row - b.row || a.col - b.col || compareStrings(words(a), words(b)),
  );
}

export function shownOutcome(outcome: Outcome): string {
  if (outcome.kind === 'values')
    return outcome.texts.length === 0 ? 'undefined' : outcome.texts.join('\n    ');
  return outcome.errors
    .map(({ code, message, file, row, col }) => `${file}:${row}:${col}: ${code}: ${message}`)
    .join('\n    ');
}
