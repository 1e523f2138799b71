import type { CallToolResult, ProtocolError } from '@modelcontextprotocol/server';
import type { Decision, JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import type { HttpRefusal } from './held-response.ts';
import { DECISION_META_KEY, refusalError, refusalResult } from './refusal.ts';
import { stepUpChallenge } from './step-up-challenge.ts';

/** How a denied call of a tool is told: as a tool's result, as a JSON-RPC error, or as HTTP 403 with that error. */
export type RefusalForm = 'result' | 'error' | 'http';

/** How refusals are told to clients. */
export interface RefusalOptions {
  /** One form, or one for each era. Default `result`, which models read best. `http` is `error` on stdio. */
  readonly deny?: RefusalForm | { readonly legacy?: RefusalForm; readonly modern?: RefusalForm };
  /**
   * Over HTTP: `challenge` answers with `WWW-Authenticate`; `result` as on stdio, in the message. By default a challenge
   * where `resourceMetadata` tells a client whom to ask; without it, most clients only break off.
   */
  readonly stepUp?: 'challenge' | 'result';
  /** URL of the protected resource metadata (RFC 9728) that challenges name. */
  readonly resourceMetadata?: string;
}

/** The way back to a client: what it speaks, and whether an HTTP status can still be chosen. */
export interface Channel {
  readonly era: 'legacy' | 'modern';
  /** Puts an HTTP answer in place of the protocol's; false where something went out already. Absent on stdio. */
  readonly refuseHttp?: (refusal: HttpRefusal) => boolean;
}

/** What refusing one request needs to know. */
export interface Refuser {
  readonly options: RefusalOptions;
  readonly channel: Channel;
  readonly caller: Caller;
}

const FORBIDDEN = 403;

/** Refuses a call of a tool: gives the result to answer with, or throws the error. */
export function refuseCall(refuser: Refuser, decision: Decision): CallToolResult {
  const result = refusalResult(decision);
  if (challenged(refuser, decision)) return result;
  const form = decision.outcome === 'deny' ? denialForm(refuser) : 'result';
  if (form === 'result') return result;
  const error = refusalError(decision);
  if (form === 'http') sendForbidden(refuser, decision, error);
  throw error;
}

/** Refuses a request whose results have no place for a refusal. */
export function refuseRequest(refuser: Refuser, decision: Decision): ProtocolError {
  const error = refusalError(decision);
  if (challenged(refuser, decision)) return error;
  if (decision.outcome === 'deny' && denialForm(refuser) === 'http') sendForbidden(refuser, decision, error);
  return error;
}

function denialForm({ options, channel }: Refuser): RefusalForm {
  const { deny = 'result' } = options;
  return typeof deny === 'string' ? deny : (deny[channel.era] ?? 'result');
}

/** Was the client asked, by HTTP, for a better token. */
function challenged({ options, channel, caller }: Refuser, decision: Decision): boolean {
  const form = options.stepUp ?? (options.resourceMetadata === undefined ? 'result' : 'challenge');
  if (decision.outcome !== 'step_up' || form === 'result') return false;
  const { status, challenge } = stepUpChallenge(decision, caller, options.resourceMetadata);
  const headers = { 'WWW-Authenticate': challenge };
  return channel.refuseHttp?.({ status, headers, error: errorBody(refusalError(decision)) }) ?? false;
}

function sendForbidden({ channel }: Refuser, decision: Decision, error: ProtocolError): void {
  const headers = { 'Writ-Reason': decision.reason.replace(/[^\x21-\x7e]/g, '_') };
  channel.refuseHttp?.({ status: FORBIDDEN, headers, error: errorBody(error) });
}

function errorBody({ code, message, data }: ProtocolError): JsonObject {
  const verdict = (data as JsonObject | undefined)?.[DECISION_META_KEY];
  return { code, message, ...(verdict === undefined ? {} : { data: { [DECISION_META_KEY]: verdict } }) };
}
