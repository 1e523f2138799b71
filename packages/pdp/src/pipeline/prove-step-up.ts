import type { DecisionRequest } from '@writ/decision';
import {
  CLOCK_TOLERANCE_MS,
  isProven,
  mayProve,
  type ProvenStep,
  provenSteps,
  type StateSubject,
  type StepUpProof,
  stepUpKey,
  stepUpProofKey,
} from '@writ/state';
import type { Core } from './core.ts';
import type { Judgement } from './judge.ts';

/** A step-up that was proven: for the commit, which binds what is new and asks again whether the rest still holds. */
export interface ProvenStepUp {
  readonly methods: readonly string[];
  readonly bind?: StepUpProof;
  /** The step that policies are told of. */
  readonly step: ProvenStep;
}

/** What a session has to show for a step-up, or what it lacks. */
export type StepUpFound =
  | { readonly kind: 'proven'; readonly stepUp: ProvenStepUp }
  /** A proof came that is too old. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'missing' };

/**
 * Whether all ways that are asked for were proven: earlier in this session, or by the proof that this call brings.
 * `context.step_up` is what an enforcement point checked: when, by which method, and what names the proof, so that it
 * counts in one session only.
 */
export async function findStepUp(
  core: Core,
  { combined }: Judgement,
  request: DecisionRequest,
  subject: StateSubject,
): Promise<StepUpFound> {
  const methods = combined.step_up_methods ?? [];
  const given = proofOf(request, core.limits.stepUpMs);
  const keys = [
    stepUpKey(subject),
    ...(given?.proof === undefined ? [] : [stepUpProofKey(subject.tenant, given.proof)]),
  ];
  const cells = new Map(
    await Promise.all(keys.map(async (key) => [key, await core.store.read(key)] as const)),
  );
  const read = (key: string) => cells.get(key);
  const nowMs = core.clock.nowMs();
  const isAhead = given !== undefined && given.at_ms > nowMs + CLOCK_TOLERANCE_MS;
  const isFresh = given !== undefined && !isAhead && mayProve(read, subject, given, nowMs);
  const before = provenSteps(read, subject, nowMs);
  const proven = isFresh ? [...before, given] : before;
  const [step] = proven.toSorted((left, right) => right.at_ms - left.at_ms);
  if (step !== undefined && isProven(methods, proven))
    return { kind: 'proven', stepUp: { methods, step, ...(isFresh ? { bind: given } : {}) } };
  return given !== undefined && given.expires_ms <= nowMs ? { kind: 'stale' } : { kind: 'missing' };
}

function proofOf({ context }: DecisionRequest, lifeMs: number): StepUpProof | undefined {
  const given = context?.step_up;
  if (given === undefined) return undefined;
  const at_ms = Date.parse(given.at);
  if (Number.isNaN(at_ms)) return undefined;
  const { method, proof } = given;
  return { method, at_ms, expires_ms: at_ms + lifeMs, ...(proof === undefined ? {} : { proof }) };
}

/** The request as policies see it once the person has proved who they are. */
export function withStepUp(request: DecisionRequest, { step }: ProvenStepUp): DecisionRequest {
  const step_up = { method: step.method, at: new Date(step.at_ms).toISOString() };
  return { ...request, context: { ...request.context, step_up_verified: true, step_up } };
}
