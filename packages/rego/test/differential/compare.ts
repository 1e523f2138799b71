import type { Answers, TextProgram } from './engines.ts';
import { askOurs } from './engines.ts';
import type { Outcome, OutcomeError } from './outcome.ts';
import { sameOutcome, withoutNumbers } from './outcome.ts';

/** How one program compared. */
export type Comparison =
  | { readonly kind: 'same' }
  /** Not compared, and why: OPA broke down or ran out of time, or the program needs what this engine says it lacks. */
  | { readonly kind: 'left-out'; readonly why: string }
  | Divergence;

export interface Divergence {
  readonly kind: 'different';
  /** The question whose answers differ; absent where compiling differs. */
  readonly question: number | undefined;
  readonly ours: Outcome | { readonly kind: 'thrown'; readonly message: string };
  readonly theirs: Outcome;
  /** Divergences with the same one are likely to have the same cause. */
  readonly signature: string;
}

export function compareProgram(program: TextProgram, theirs: Answers | undefined): Comparison {
  if (theirs === undefined) return { kind: 'left-out', why: 'OPA broke down' };
  let ours: Answers;
  try {
    ours = askOurs(program);
  } catch (caught) {
    const message =
      caught instanceof Error ? `${caught.message}\n${caught.stack?.split('\n')[1] ?? ''}` : String(caught);
    const [first] = theirs.compiled === undefined ? theirs.questions : [theirs.compiled];
    return {
      kind: 'different',
      question: undefined,
      ours: { kind: 'thrown', message },
      theirs: first!,
      signature: `thrown: ${message.slice(0, 40)}`,
    };
  }
  if (ours.compiled !== undefined || theirs.compiled !== undefined) {
    const why = leftOut(ours.compiled ?? NOTHING, theirs.compiled ?? NOTHING, program);
    if (why !== undefined) return { kind: 'left-out', why };
    return difference(undefined, ours.compiled ?? NOTHING, theirs.compiled ?? NOTHING);
  }
  let why: string | undefined;
  for (const [index, mine] of ours.questions.entries()) {
    const other = theirs.questions[index]!;
    const reason = leftOut(mine, other, program);
    if (reason !== undefined) why = reason;
    else {
      const found = difference(index, mine, other);
      if (found.kind !== 'same') return found;
    }
  }
  return why === undefined ? { kind: 'same' } : { kind: 'left-out', why };
}

const NOTHING: Outcome = { kind: 'values', texts: ['compiled'] };

function leftOut(ours: Outcome, theirs: Outcome, program: TextProgram): string | undefined {
  if (ours.kind === 'errors' && ours.errors.some(({ code }) => code === 'rego_unsupported_error')) {
    return `not supported: ${ours.errors[0]!.message.slice(0, 60)}`;
  }
  if (theirs.kind === 'errors') {
    const [first] = theirs.errors;
    if (first!.code === 'eval_cancel_error') return 'OPA ran out of time';
    if (first!.code === 'eval_internal_error') return 'OPA broke down';
  }
  if (sameOutcome(ours, theirs)) return undefined;
  return KNOWN.find(({ holds }) => holds(ours, theirs, program))?.why;
}

/** Differences that `docs/limits.md` names; they are counted, and nothing else is. */
const KNOWN: readonly {
  readonly why: string;
  readonly holds: (ours: Outcome, theirs: Outcome, program: TextProgram) => boolean;
}[] = [
  {
    why: 'the same errors, of which OPA places some nowhere, at an `else` or at the last reference to a rule of the package',
    holds: (ours, theirs, program) =>
      pairs(
        ours,
        theirs,
        (one, other) =>
          hasSameWords(one, other) && (isPlacedNowhere(one, other) || isPlacedElsewhere(one, other, program)),
      ),
  },
  {
    why: 'the same errors, in which terms are written as the compilers have them in between',
    holds: (ours, theirs) =>
      pairs(
        ours,
        theirs,
        (one, other) =>
          (isUndefinedReference(one) && isUndefinedReference(other)) ||
          (isSamePlace(one, other) && isWrittenForGenerated(one, other)),
      ),
  },
  {
    why: 'several errors of evaluation, of which another one is met first',
    holds: (ours, theirs) => isRaised(ours) && isRaised(theirs) && placeOf(ours) !== placeOf(theirs),
  },
];

/** Whether each error of one side has one of the other side that is the same, or differs in the way that is allowed. */
function pairs(
  ours: Outcome,
  theirs: Outcome,
  differsAsKnown: (one: OutcomeError, other: OutcomeError) => boolean,
): boolean {
  if (ours.kind !== 'errors' || theirs.kind !== 'errors' || ours.errors.length !== theirs.errors.length) {
    return false;
  }
  const left = [...theirs.errors];
  const take = (one: OutcomeError, fits: (other: OutcomeError) => boolean): boolean => {
    const index = left.findIndex((other) => other.code === one.code && fits(other));
    if (index >= 0) left.splice(index, 1);
    return index >= 0;
  };
  const others = ours.errors.filter(
    (one) => !take(one, (other) => hasSameWords(one, other) && isSamePlace(one, other)),
  );
  return others.every((one) => take(one, (other) => differsAsKnown(one, other)));
}

function hasSameWords(one: OutcomeError, other: OutcomeError): boolean {
  return withoutNumbers(one.message) === withoutNumbers(other.message);
}

function isSamePlace(one: OutcomeError, other: OutcomeError): boolean {
  return one.file === other.file && one.row === other.row && one.col === other.col;
}

/** OPA's place is an `else` before it in the same row, or, for references to rules, further on in the module. */
function isPlacedElsewhere(one: OutcomeError, other: OutcomeError, program: TextProgram): boolean {
  const row = program.modules[other.file]?.split('\n')[other.row - 1] ?? '';
  const isElse = [...row].slice(other.col - 1, other.col + 3).join('') === 'else';
  if (isElse && one.file === other.file && one.row === other.row && one.col > other.col) return true;
  return (
    /^(undefined ref: |function )data\./.test(one.message) && one.file === other.file && isBefore(one, other)
  );
}

/** OPA loses the place of a builtin that a `with` names. */
function isPlacedNowhere(one: OutcomeError, other: OutcomeError): boolean {
  return other.row === 0 && /^function \S+ used as reference/.test(one.message);
}

function isBefore(one: OutcomeError, other: OutcomeError): boolean {
  return one.row < other.row || (one.row === other.row && one.col < other.col);
}

/** OPA names a variable of its own where we show what it stands for: `p[__local0__]` for `p[[]]`. */
function isWrittenForGenerated({ message }: OutcomeError, other: OutcomeError): boolean {
  if (!/\[__local\d+__\]/.test(other.message)) return false;
  const pattern = other.message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/__local\d+__/g, '.+');
  return new RegExp(`^${pattern}$`).test(message);
}

function isUndefinedReference({ code, message }: OutcomeError): boolean {
  return code === 'rego_type_error' && message.startsWith('undefined ref: ');
}

const RAISED: ReadonlySet<string> = new Set(['eval_builtin_error', 'eval_type_error', 'eval_conflict_error']);

function isRaised(outcome: Outcome): boolean {
  return RAISED.has(codeOf(outcome));
}

function codeOf(outcome: Outcome): string {
  return outcome.kind === 'errors' ? (outcome.errors[0]?.code ?? '') : '';
}

function placeOf(outcome: Outcome): string {
  const [first] = outcome.kind === 'errors' ? outcome.errors : [];
  return `${first?.file}:${first?.row}:${first?.col}`;
}

function difference(question: number | undefined, ours: Outcome, theirs: Outcome): Comparison {
  if (sameOutcome(ours, theirs)) return { kind: 'same' };
  const where = question === undefined ? 'compiling' : 'evaluating';
  return {
    kind: 'different',
    question,
    ours,
    theirs,
    signature: `${where}: ours ${sort(ours)}, theirs ${sort(theirs)}`,
  };
}

function sort(outcome: Outcome): string {
  if (outcome.kind === 'values') return outcome.texts.length === 0 ? 'undefined' : 'values';
  const [first] = outcome.errors;
  return `${first?.code}: ${first?.message.replace(/`[^`]*`|"[^"]*"|\b(v|r|__local)\d+\w*\b|\d+/g, '…').slice(0, 50)}`;
}
