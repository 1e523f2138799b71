import { createHash } from 'node:crypto';
import { ACCESS_REQUEST, canonicalJson, type Decision, type Json, type JsonObject } from '@writ/decision';
import type { FastifyRequest } from 'fastify';
import { REQUESTS_PATH } from '../access-request/access-task.ts';
import { type ApiContext, pointFor } from './http-api.ts';

/** Members of a context that the access request profile itself puts there. */
const MACHINERY: readonly string[] = [
  'approval',
  'access_request',
  'evaluation_id',
  'evaluated_at',
  'reason',
  'next_action',
];

/** The address under which this service was asked. */
export function baseOf(request: FastifyRequest): string {
  return `${request.protocol}://${request.headers.host}`;
}

/** An evaluation without what the access request profile adds to its context, and the approval that it brings. */
export interface BroughtApproval {
  readonly input: JsonObject;
  readonly approvalId?: string;
}

/** `context.approval` is no part of what is asked: it selects an approval, which the decision point judges. */
export function takeApproval(input: JsonObject): BroughtApproval {
  const { context } = input;
  if (!isObject(context)) return { input };
  const { approval } = context;
  if (!isObject(approval) || typeof approval['id'] !== 'string') return { input };
  const rest = Object.fromEntries(Object.entries(context).filter(([name]) => !MACHINERY.includes(name)));
  return { input: { ...input, context: rest }, approvalId: approval['id'] };
}

/** Members of the context that an approval is bound to: all but the profile's own. */
export function boundMembers(input: JsonObject): readonly string[] {
  const { context } = input;
  return isObject(context) ? Object.keys(context).filter((name) => !MACHINERY.includes(name)) : [];
}

/** SHA-256 of the RFC 8785 form of the parts, base64url, as the profile builds it. */
export function bindingHash(input: JsonObject, members: readonly string[]): string {
  const { subject, action, resource, context } = input;
  const bound = isObject(context)
    ? Object.fromEntries(Object.entries(context).filter(([name]) => members.includes(name)))
    : {};
  const parts = { subject: withoutActor(subject), resource, action, context: bound } as JsonObject;
  return createHash('sha256').update(canonicalJson(parts)).digest('base64url');
}

/** The actor in a subject's properties may be told elsewhere, and is no part of the binding. */
function withoutActor(subject: Json | undefined): Json | undefined {
  if (!isObject(subject) || !isObject(subject['properties'])) return subject;
  const { act: _actor, ...properties } = subject['properties'];
  return { ...subject, properties };
}

/** Whether people can be asked about what was denied. */
function isRequestable({ outcome, metadata }: Decision): boolean {
  return outcome === 'escalate' || (outcome === 'deny' && metadata.appeal_path === ACCESS_REQUEST);
}

/** What a denial tells of the way on: the signal that it can be requested, and what to do with an approval that failed. */
export async function denialContext(
  request: FastifyRequest,
  context: ApiContext,
  decision: Decision,
  { input, approvalId }: BroughtApproval,
): Promise<JsonObject> {
  const requestable = isRequestable(decision);
  const next = approvalId === undefined ? {} : { next_action: nextAction(decision, requestable) };
  if (!requestable) return next;
  const { token, expires_at } = await pointFor(request, context).denials.bind({
    evaluationId: decision.decision_id,
    hash: bindingHash(input, boundMembers(input)),
    contextMembers: boundMembers(input),
  });
  return {
    ...next,
    evaluation_id: decision.decision_id,
    access_request: {
      endpoint: `${baseOf(request)}${REQUESTS_PATH}`,
      template: decision.outcome === 'escalate' ? 'approval' : 'appeal',
      expires_at,
      binding_token: token,
    },
  };
}

const PASSING: ReadonlySet<string> = new Set([
  'approval_pending',
  'state_conflict',
  'state_unavailable',
  'audit_unavailable',
  'rate_limited',
  'overloaded',
]);

function nextAction({ reason, outcome }: Decision, requestable: boolean): 'retry' | 'request' | 'none' {
  if (PASSING.has(reason)) return 'retry';
  return requestable && outcome !== 'step_up' ? 'request' : 'none';
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
