import { randomUUID } from 'node:crypto';
import type { ClientCapabilities, ProgressCallback } from '@modelcontextprotocol/server';
import type { Action, DecideCall, Decision, DecisionRequest, Json, JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import type { BoundedPoint } from './bounded-point.ts';
import type { Flight } from './flight.ts';
import type { Channel } from './refuse.ts';
import { traceId } from './trace.ts';

/** What every request of a client carries, whatever it asks for. */
export interface Incoming {
  readonly caller: Caller;
  /** `_meta` of the request. */
  readonly meta: JsonObject;
  /** The way back, for refusals. */
  readonly channel: Channel;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressCallback;
  /** What the client can be asked for. */
  readonly capabilities: ClientCapabilities;
  readonly flight: Flight;
  /** Answers to what a server asked for in an earlier round, and the state that came with the questions. */
  readonly inputs?: { readonly responses: JsonObject; readonly state?: string };
}

/** Key of `_meta` by which a client names the approval to use up; it only selects, the decision point judges it. */
export const APPROVAL_META_KEY = 'dev.writ/approval';
/**
 * Key of `_meta` by which a client appeals against the denial of this very call, with why: people are then asked about
 * it, where policy takes appeals.
 */
export const APPEAL_META_KEY = 'dev.writ/appeal';
const APPEAL_LENGTH_MAX = 1_000;
/**
 * Key of `_meta` by which a client tells its conversations apart, for the record. It begins no session: one that a
 * client could begin anew would have new budgets and counts.
 */
export const SESSION_META_KEY = 'dev.writ/session';

/** Asks about one action of a client's. `digest`: of the definition that the action goes by, where it has one. */
export async function askDecision(
  point: BoundedPoint,
  incoming: Incoming,
  action: Action,
  digest: string | undefined,
): Promise<Decision> {
  const approval = textOf(incoming.meta[APPROVAL_META_KEY]);
  const appeal = textOf(incoming.meta[APPEAL_META_KEY], APPEAL_LENGTH_MAX);
  const ask = (approvalId: string | undefined): Promise<Decision> => {
    // A key of the client's own would let it have one decision, and one reservation, for many effects.
    const call: DecideCall = {
      request: requestOf(incoming, action),
      idempotency_key: randomUUID(),
      ...(digest === undefined ? {} : { tool_digest: digest }),
      ...(approvalId === undefined ? {} : { approval_id: approvalId }),
      ...(appeal === undefined || approvalId !== undefined ? {} : { appeal: { justification: appeal } }),
    };
    return point.decide(call);
  };
  const decision = await ask(approval);
  // The same call was approved meanwhile: a model repeats a call, it cannot carry an approval's id along.
  if (approval === undefined && decision.outcome === 'escalate' && decision.approval?.status === 'approved') {
    return ask(decision.approval.id);
  }
  return decision;
}

/** The request for a decision about one action, with what the gateway knows of who asks and where it belongs. */
export function requestOf(
  { caller, meta }: Pick<Incoming, 'caller' | 'meta'>,
  action: Action,
): DecisionRequest {
  const conversation = textOf(meta[SESSION_META_KEY]);
  const trace = traceId(meta);
  const context = {
    ...(caller.session === undefined ? {} : { session_id: caller.session }),
    ...(caller.stepUp === undefined ? {} : { step_up: caller.stepUp }),
    ...(conversation === undefined ? {} : { conversation_id: conversation }),
    ...(trace === undefined ? {} : { trace_id: trace }),
  };
  return {
    principal: caller.principal,
    actor: caller.actor,
    ...(caller.delegation === undefined ? {} : { delegation: caller.delegation }),
    action,
    ...(Object.keys(context).length === 0 ? {} : { context }),
  };
}

/** Puts on record that an action was refused before policy could be asked. */
export async function reportRefused(
  point: BoundedPoint,
  { caller }: Pick<Incoming, 'caller'>,
  action: Action,
  code: string,
  message: string,
): Promise<void> {
  const { principal, actor } = caller;
  await point.report({ kind: 'upstream', code, message, request: { principal, actor, action } });
}

/** Puts on record that a message was refused before anything was asked about it. */
export async function reportMalformed(
  point: BoundedPoint,
  { principal, actor }: Caller,
  code: string,
  message: string,
): Promise<void> {
  await point.report({ kind: 'malformed', code, message, request: { principal, actor } });
}

/** Puts on record that a client asked for a method that does not pass. */
export async function reportUnserved(
  point: BoundedPoint,
  { principal, actor }: Caller,
  method: string,
): Promise<void> {
  const code = 'method_unknown';
  const message = `\`${method.slice(0, METHOD_LENGTH_MAX)}\` does not pass`;
  await point.report({ kind: 'malformed', code, message, request: { principal, actor } });
}

const METHOD_LENGTH_MAX = 128;

function textOf(value: Json | undefined, lengthMax = 256): string | undefined {
  return typeof value === 'string' && value.length > 0 && value.length <= lengthMax ? value : undefined;
}
