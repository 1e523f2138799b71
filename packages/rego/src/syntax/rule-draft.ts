import type { Annotations, Body, ElseBranch, Location, Rule, RuleForm, RuleHead, Term } from './ast.ts';
import { booleanTerm, isGround, node } from './nodes.ts';
import type { Token } from './token.ts';

/** A rule's head as written, before its body shows what it defines. */
export interface HeadDraft {
  /** The name as the first part, a string; then the other parts. */
  readonly ref: readonly Term[];
  readonly args?: readonly Term[];
  readonly value?: Term;
  /** The term after `contains`. */
  readonly member?: Term;
  readonly assigned: boolean;
  readonly location: Location;
}

export interface ElseDraft extends Omit<ElseBranch, 'location'> {
  /** The brace that opens its body. */
  readonly open?: Token;
  /** It gives a value only; its body is always true. */
  readonly generatedBody: boolean;
  readonly location: Location;
}

/** A rule as parsed, with what the checks of version 1 ask about. */
export interface RuleDraft {
  readonly isDefault: boolean;
  readonly head: HeadDraft;
  readonly body: Body;
  readonly elses: readonly ElseDraft[];
  readonly hasIf: boolean;
  readonly generatedBody: boolean;
  /** Its value `true` is not written, and neither is an operator. */
  readonly generatedValue: boolean;
  readonly open?: Token;
  /** Where OPA places the body of a rule without one; its own place where nothing is said. */
  readonly trueLocation?: Location;
  readonly location: Location;
}

/**
 * What a head defines (OPA `Head.RuleKind`, `DocKind`). Without `if`, `contains` and a value, `p[x] { … }` and
 * `p.x { … }` are partial sets; a head whose parts are all strings is complete; any other is a partial object.
 */
export function formOf(draft: Pick<RuleDraft, 'head' | 'hasIf'>): RuleForm {
  const { head } = draft;
  if (head.member) return 'partial-set';
  if (head.args) return 'function';
  if (isBracketSet(draft)) return 'partial-set';
  return head.ref.every((part) => part.kind === 'string') ? 'complete' : 'partial-object';
}

/** `p[x] { … }` without `if`: what stands in brackets is a member, not a key. */
export function isBracketSet({ head, hasIf }: Pick<RuleDraft, 'head' | 'hasIf'>): boolean {
  return !hasIf && !head.args && !head.member && !head.value && head.ref.length === 2;
}

function headOf(draft: RuleDraft): RuleHead {
  const { head } = draft;
  const form = formOf(draft);
  const { assigned, location } = head;
  const generatedValue = !head.value && !head.member && !isBracketSet(draft);
  const common = { form, args: head.args ?? [], assigned, generatedValue, location };
  if (head.member) return node({ ...common, ref: head.ref, key: head.member });
  if (isBracketSet(draft)) return node({ ...common, ref: head.ref.slice(0, 1), key: head.ref[1]! });
  return node({ ...common, ref: head.ref, value: head.value ?? booleanTerm(true, head.location) });
}

/** The tree's node for a draft. */
export function ruleOf(draft: RuleDraft, annotations: readonly Annotations[]): Rule {
  const elses = draft.elses.map(({ open, generatedBody, ...branch }): ElseBranch => node(branch));
  return node({
    kind: 'rule',
    isDefault: draft.isDefault,
    head: headOf(draft),
    hasIf: draft.hasIf,
    body: draft.body,
    trueLocation: draft.trueLocation ?? draft.location,
    elses: Object.freeze(elses),
    annotations,
    location: draft.location,
  });
}

/** The head's ref holds a variable or a computed part. */
export function hasVariables(head: HeadDraft): boolean {
  return !head.ref.every(isGround);
}
