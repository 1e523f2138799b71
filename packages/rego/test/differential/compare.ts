import type { Answers, TextProgram } from './engines.ts';
import { askOurs } from './engines.ts';
import type { Outcome } from './outcome.ts';
import { sameOutcome } from './outcome.ts';

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
    const why = leftOut(ours.compiled ?? NOTHING, theirs.compiled ?? NOTHING);
    if (why !== undefined) return { kind: 'left-out', why };
    return difference(undefined, ours.compiled ?? NOTHING, theirs.compiled ?? NOTHING);
  }
  let why: string | undefined;
  for (const [index, mine] of ours.questions.entries()) {
    const other = theirs.questions[index]!;
    const reason = leftOut(mine, other);
    if (reason !== undefined) why = reason;
    else {
      const found = difference(index, mine, other);
      if (found.kind !== 'same') return found;
    }
  }
  return why === undefined ? { kind: 'same' } : { kind: 'left-out', why };
}

const NOTHING: Outcome = { kind: 'values', texts: ['compiled'] };

function leftOut(ours: Outcome | undefined, theirs: Outcome | undefined): string | undefined {
  if (ours?.kind === 'errors' && ours.errors.some(({ code }) => code === 'rego_unsupported_error')) {
    return `not supported: ${ours.errors[0]!.message.slice(0, 60)}`;
  }
  if (theirs?.kind === 'errors') {
    const [first] = theirs.errors;
    if (first!.code === 'eval_cancel_error') return 'OPA ran out of time';
  }
  if (ours === undefined || theirs === undefined || sameOutcome(ours, theirs)) return undefined;
  return process.env.DIFF_KNOWN === '0' ? undefined : KNOWN.find(({ holds }) => holds(ours, theirs))?.why;
}

/** Differences that `docs/limits.md` names; they are counted, and nothing else is. */
const KNOWN: readonly {
  readonly why: string;
  readonly holds: (ours: Outcome, theirs: Outcome) => boolean;
}[] = [
  {
    why: "an error in a rule that OPA's index leaves out",
    holds: (ours, theirs) => isRaised(ours) && codeOf(theirs) !== codeOf(ours),
  },
  {
    why: 'refused for types by both, in other words',
    holds: (ours, theirs) => isTypeChecked(ours) && isTypeChecked(theirs),
  },
  {
    why: 'in an `else` without braces, which OPA gives as the place of all that stands in it',
    holds: (ours, theirs) => isElsewhere(ours, theirs),
  },
  {
    why: 'a query whose types only OPA checks',
    holds: (ours, theirs) => ours.kind === 'values' && ours !== NOTHING && isTypeChecked(theirs),
  },
  {
    why: 'a builtin error in a member that is looked at in another order',
    holds: (ours, theirs) => isBuiltinError(theirs) && (ours.kind === 'values' || isBuiltinError(ours)),
  },
  {
    why: 'another of several builtin errors comes first',
    holds: (ours, theirs) =>
      isRaised(ours) &&
      isRaised(theirs) &&
      codeOf(ours) !== 'eval_conflict_error' &&
      placeOf(ours) !== placeOf(theirs),
  },
];

/** The words of type errors name OPA's generated variables and whole types; that there is one is what counts. */
const TYPE_CHECKED =
  /^(match error|undefined ref|function .* used as reference, not called|conflicting rules|rule .* conflicts with|.*: (invalid argument|arity mismatch))/;

function isTypeChecked(outcome: Outcome): boolean {
  if (outcome.kind !== 'errors') return false;
  return outcome.errors.some(({ code, message }) => code === 'rego_type_error' && TYPE_CHECKED.test(message));
}

const RAISED: ReadonlySet<string> = new Set(['eval_builtin_error', 'eval_type_error', 'eval_conflict_error']);

function isRaised(outcome: Outcome): boolean {
  return RAISED.has(codeOf(outcome));
}

/** The same errors, further on in the same row. */
function isElsewhere(ours: Outcome, theirs: Outcome): boolean {
  if (ours.kind !== 'errors' || theirs.kind !== 'errors' || ours.errors.length !== theirs.errors.length)
    return false;
  return ours.errors.every((one, index) => {
    const other = theirs.errors[index]!;
    return one.message === other.message && one.row === other.row && one.col >= other.col;
  });
}

/** They end an evaluation only where they are strict. */
function isBuiltinError(outcome: Outcome): boolean {
  return codeOf(outcome) === 'eval_builtin_error' || codeOf(outcome) === 'eval_type_error';
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
