import {
  type ActionResult,
  type CompleteCall,
  type Completion,
  type DecisionRequest,
  type Json,
  type JsonObject,
  type Obligation,
  REASON_TABLE,
  type ReasonCode,
  redactResult,
  stricter,
  validateCompleteCall,
} from '@writ/decision';
import { type EntryCore, type PersonalFields, sealFields } from '@writ/ledger';
import { type OpenDecision, openDecisionKey, readOpenDecision } from '@writ/state';
import { admit } from './admit.ts';
import { type CallerIdentity, modeFor } from './caller.ts';
import type { CompleteRequest, CompleteResult } from './complete-procedure.ts';
import type { Core } from './core.ts';
import { defined } from './decision-entry.ts';
import { commitFault, readFault } from './faults.ts';
import { judgeResult, NO_VERDICT, type ResultVerdict } from './judge-result.ts';
import { applyLogPolicy, mayMask, recordedAs } from './log-policy.ts';
import { hashArgs } from './resolve-request.ts';

/**
 * Closes a decision whose effect took place, or did not: settles what was reserved, asks the output policy about the
 * result and records both. Where an output policy applies the result is released only after that is durable.
 */
export async function complete(core: Core, caller: CallerIdentity, given: unknown): Promise<Completion> {
  const admitted = admit(given, validateCompleteCall);
  if (!admitted.ok) return refusal(admitted.code, admitted.message);
  const { call } = admitted;
  try {
    const key = openDecisionKey(call.decision_id);
    const text = await core.store.read(key);
    const open = readOpenDecision(() => text, call.decision_id);
    const note = open === undefined ? undefined : noteOf(open);
    if (open === undefined || note?.point !== caller.pointId) {
      return refusal('not_found', 'no open decision of this enforcement point has this id');
    }
    if (open.completed !== undefined) return repeated(call, open.completed.answer);
    return await closeDecision(core, caller, call, open, note);
  } catch (thrown) {
    const fault = readFault(thrown);
    return refusal(fault.code, fault.message);
  }
}

function refusal(code: ReasonCode, message: string = REASON_TABLE[code].sentence): Completion {
  return { effect: 'refuse', outcome: 'deny', reasons: [{ code, message, outcome: 'deny' }] };
}

interface OpenNote {
  readonly point?: string;
  readonly request?: DecisionRequest;
  /** Redactions that the call's own decision set for its result. */
  readonly redact?: readonly Obligation[];
}

function noteOf(open: OpenDecision): OpenNote {
  return typeof open.note === 'object' && open.note !== null ? (open.note as unknown as OpenNote) : {};
}

async function closeDecision(
  core: Core,
  caller: CallerIdentity,
  call: CompleteCall,
  open: OpenDecision,
  { request, redact = [] }: OpenNote,
): Promise<Completion> {
  const hold = core.source.hold();
  try {
    const judges = request !== undefined || (hold !== undefined && core.factsOf(hold.set).judgesResults);
    const { result } = call;
    if (result === undefined || (!judges && redact.length === 0)) {
      return await settle(core, caller, call, open, NO_VERDICT, true);
    }
    const redacted = redactResult(result, redact);
    if (!redacted.ok) return refusal(redacted.code, redacted.message);
    const mode = request === undefined ? 'enforce' : modeFor(caller, request);
    const judged = judges ? await judgeResult(core, hold?.set, request, redacted.value, mode) : NO_VERDICT;
    return await settle(core, caller, call, open, withRedactions(judged, redact), false);
  } finally {
    hold?.release();
  }
}

function withRedactions(verdict: ResultVerdict, redact: readonly Obligation[]): ResultVerdict {
  if (redact.length === 0) return verdict;
  const outcome = stricter('sanitize', verdict.outcome);
  return { ...verdict, outcome, obligations: [...redact, ...verdict.obligations] };
}

/** Durable first where a policy judged the result; else queued, and a failure leaves the outcome unknown on record. */
async function settle(
  core: Core,
  caller: CallerIdentity,
  call: CompleteCall,
  open: OpenDecision,
  verdict: ResultVerdict,
  queued: boolean,
): Promise<Completion> {
  const work = completeRequest(core, caller, call, open, verdict).then((request) =>
    core.store.call<CompleteRequest, CompleteResult>('pdp.complete', request, { idempotent: true }),
  );
  if (queued) {
    const quiet = work.then(
      () => undefined,
      () => undefined,
    );
    core.background.add(quiet);
    void quiet.then(() => core.background.delete(quiet));
    return completionOf(call.result, verdict);
  }
  try {
    const result = await work;
    if (result.kind === 'repeat') return repeated(call, result.answer);
    if (result.kind === 'unknown') return refusal('not_found');
    return completionOf(call.result, verdict);
  } catch (thrown) {
    const fault = commitFault(thrown);
    return refusal(fault.code, fault.message);
  }
}

/** The result as the verdict lets it go. */
function completionOf(result: ActionResult | undefined, verdict: ResultVerdict): Completion {
  const { effect, outcome, reasons, obligations } = verdict;
  if (effect === 'refuse' || result === undefined) return { effect, outcome, reasons };
  const redacted = redactResult(result, obligations);
  if (!redacted.ok) return refusal(redacted.code, redacted.message);
  return { effect, outcome, reasons, result: redacted.value };
}

/** The first answer again, if it is asked about the same result: a verdict is no pass for another one. */
function repeated(call: CompleteCall, answer: Json): Completion {
  const kept = answer as unknown as ResultVerdict & { readonly digest?: string };
  if (kept.digest !== digestOf(call.result)) {
    return refusal('idempotency_mismatch', 'the decision was completed before, with another result');
  }
  return completionOf(call.result, kept);
}

function digestOf(result: ActionResult | undefined): string {
  return hashArgs({ result: (result ?? null) as Json });
}

async function completeRequest(
  core: Core,
  caller: CallerIdentity,
  call: CompleteCall,
  open: OpenDecision,
  verdict: ResultVerdict,
): Promise<CompleteRequest> {
  const { tenant, principal, actor } = open.subject;
  const entry: EntryCore = {
    kind: 'result',
    decision_id: call.decision_id,
    event: call.status,
    phase: 'result',
    outcome: verdict.outcome,
    effect: verdict.effect,
    codes: [...new Set(verdict.reasons.map((reason) => reason.code))],
  };
  const fields = defined({
    point: caller.pointId,
    tenant,
    principal,
    actor,
    result: call.result,
    usage: call.usage,
    reasons: verdict.reasons.length === 0 ? undefined : verdict.reasons,
    obligations: verdict.obligations.length === 0 ? undefined : verdict.obligations,
    note: verdict.observed === undefined ? undefined : { observed: verdict.observed },
  });
  const recorded = mayMask(core)
    ? await maskedResult(core, call, verdict, entry, fields)
    : { core: entry, fields };
  const answer = { ...verdict, digest: digestOf(call.result) } as unknown as Json;
  return {
    decisionId: call.decision_id,
    open,
    status: call.status,
    answer,
    core: recorded.core,
    sealed: sealFields(recorded.fields, core.salts),
    trust: core.trust,
    ...(call.usage === undefined ? {} : { usage: call.usage }),
  };
}

/** The entry of a result after the log's policy, which sees the result at `/input/result`. */
async function maskedResult(
  core: Core,
  call: CompleteCall,
  verdict: ResultVerdict,
  entry: EntryCore,
  fields: PersonalFields,
): Promise<{ readonly core: EntryCore; readonly fields: PersonalFields }> {
  const input = {
    action: { phase: 'result' },
    ...(call.result === undefined ? {} : { result: call.result }),
  };
  const logged = await applyLogPolicy(core, {
    decision_id: call.decision_id,
    input: JSON.parse(JSON.stringify(input)),
    result: JSON.parse(JSON.stringify(verdict)),
  });
  const { result: shown } = logged.event.input as JsonObject;
  const { reasons } = logged.event.result as JsonObject;
  const { result: _result, reasons: _reasons, ...others } = fields;
  const kept: PersonalFields = {
    ...others,
    ...(shown === undefined || fields.result === undefined ? {} : { result: shown }),
    ...(reasons === undefined || fields.reasons === undefined ? {} : { reasons }),
  };
  return recordedAs(entry, fields, kept, logged.dropped);
}
