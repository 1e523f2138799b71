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

/** What only OPA's static type checker finds. */
const TYPE_CHECKED =
  /^(match error|undefined ref|function .* used as reference, not called|[\w.]+: (invalid argument|too few|too many)|rego_type_error)/;

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
    const why = leftOut(ours.compiled, theirs.compiled);
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
    if (first!.code === 'rego_type_error' && TYPE_CHECKED.test(first!.message))
      return 'refused by the type checker';
  }
  return undefined;
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
