import { type JsonObject, readStrictBytes } from '@writ/decision';
import type { EngineAnswer } from './engine.ts';

/** An answer larger than this is refused: no decision needs it, and it would hold up all others. */
export const OPA_REPLY_SIZE_BYTES_MAX = 8 * 1024 * 1024;
const REPLY_DEPTH_MAX = 500;

/** A reply of OPA's data API before it is judged. */
export interface OpaReply {
  readonly status: number;
  readonly body: Uint8Array;
}

/** The bundle that must have answered: as OPA names it, and the revision that was activated. */
export interface ExpectedRevision {
  readonly opaName: string;
  readonly revision: string;
}

export type EngineFault = Extract<EngineAnswer, { kind: 'error' }>;

export function engineFault(code: EngineFault['code'], message: string): EngineFault {
  return { kind: 'error', code, message };
}

/**
 * What a reply of `POST /v1/data/{path}?provenance=true` means (OPA REST API, "Data API"). Only a 200 whose body is
 * strict JSON and whose provenance names the activated revision is an answer; without `result` it is undefined.
 */
export function readOpaReply(reply: OpaReply, expected: ExpectedRevision): EngineAnswer {
  if (reply.status !== 200) return faultOfStatus(reply);
  const body = readObject(reply.body);
  if (body === undefined)
    return engineFault('policy_error', 'OPA answered with a body that is not a JSON object');
  const fault = checkProvenance(body, expected);
  if (fault !== undefined) return fault;
  const result = body['result'];
  if (result === undefined) return { kind: 'undefined', rules: [], rulesEvaluated: 0 };
  return { kind: 'value', value: result, rules: [], rulesEvaluated: 0 };
}

/** Statuses by which OPA, or a proxy before it, says that it could not be asked. */
const UNAVAILABLE = new Set([401, 403, 404, 408, 425, 429, 502, 503, 504]);

function faultOfStatus(reply: OpaReply): EngineFault {
  const code = UNAVAILABLE.has(reply.status) ? 'policy_engine_unavailable' : 'policy_error';
  const why = messageOf(reply.body);
  return engineFault(code, `OPA answered with status ${reply.status}${why === undefined ? '' : `: ${why}`}`);
}

/** OPA's error body is `{code, message, errors[{code, message, location}]}`; the first inner error says the most. */
function messageOf(bytes: Uint8Array): string | undefined {
  const body = readObject(bytes);
  const inner = Array.isArray(body?.['errors']) ? (body['errors'][0] as unknown) : undefined;
  const found =
    typeof inner === 'object' && inner !== null && 'message' in inner ? inner.message : body?.['message'];
  return typeof found === 'string' ? found.slice(0, 500) : undefined;
}

function checkProvenance(body: JsonObject, expected: ExpectedRevision): EngineFault | undefined {
  const bundles = memberOf(memberOf(body, 'provenance'), 'bundles');
  const revision = memberOf(memberOf(bundles, expected.opaName), 'revision');
  if (revision === expected.revision) return undefined;
  const found = typeof revision === 'string' ? `revision \`${revision.slice(0, 100)}\`` : 'no revision';
  return engineFault(
    'policy_error',
    `OPA's answer names ${found} of bundle \`${expected.opaName}\`, not \`${expected.revision}\``,
  );
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function readObject(body: Uint8Array): JsonObject | undefined {
  const read = readStrictBytes(body, { sizeBytesMax: OPA_REPLY_SIZE_BYTES_MAX, depthMax: REPLY_DEPTH_MAX });
  if (!read.ok || typeof read.value !== 'object' || read.value === null || Array.isArray(read.value))
    return undefined;
  return read.value as JsonObject;
}
