import { ProtocolError } from '@modelcontextprotocol/server';
import type { Action, ActionResult, Decision, Json, JsonObject } from '@writ/decision';
import { askDecision, type Incoming, reportRefused } from './ask-decision.ts';
import type { CallContext } from './call-context.ts';
import { CALL_STEPS } from './call-steps.ts';
import { roundByRound } from './exchange.ts';
import { judgeAnswer } from './judge-answer.ts';
import { METHODS, type RequestMethod } from './methods.ts';
import { askableCapabilities } from './peer.ts';
import { faultError, verdictMeta } from './refusal.ts';
import { refuseRequest } from './refuse.ts';
import { REQUEST_SHAPES, sameTarget } from './request-shapes.ts';
import { type Binding, bindingOf, type OpenedInputs, openInputs, runRounds } from './rounds.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamAnswer } from './upstream-answer.ts';

/** One `resources/read`, `prompts/get` or `completion/complete`, read strictly. */
export interface IncomingRequest extends Incoming {
  readonly method: RequestMethod;
  readonly params: JsonObject;
}

/**
 * Decides, forwards what was authorised and nothing else, and releases what the output policy lets pass. Every refusal
 * is thrown as the protocol's error: these results have no place for one.
 */
export async function authorizeRequest(context: CallContext, request: IncomingRequest): Promise<JsonObject> {
  const shape = REQUEST_SHAPES[request.method];
  const binding = bindingOf(request, request.method, request.params);
  const opened = await openInputs(context, request, binding);
  context.observe?.(CALL_STEPS.locate.name);
  const found = await shape.locate(context.catalogue, request.params).catch(() => undefined);
  if (found === undefined)
    return refuseUnasked(context, request, 'upstream_unavailable', 'The server does not answer.');
  if (found.kind === 'found' || found.code === 'prompt_changed') context.observe?.(CALL_STEPS.pin.name);
  if (found.kind === 'unknown') return refuseUnasked(context, request, found.code, found.message);
  const { upstream, params, resource, digest } = found.target;
  request.flight.server = upstream.id;
  const action: Action = {
    type: METHODS[request.method].type,
    phase: 'call',
    server: upstream.id,
    args: params,
    resources: [resource],
    ...(upstream.address === undefined ? {} : { upstream: upstream.address }),
  };
  context.observe?.(CALL_STEPS.decision.name);
  const decision = await askDecision(context.point, request, action, digest);
  if (decision.effect !== 'proceed') throw refuseRequest({ ...request, options: context.refusals }, decision);
  const forwarded = decision.forwarded_args ?? params;
  context.observe?.(CALL_STEPS.forward.name);
  if (!sameTarget(params, forwarded)) {
    // What was authorised is this resource or prompt; under a redacted name it would be another one.
    await context.point.complete({ decision_id: decision.decision_id, status: 'not_sent' });
    throw faultError('outcome_not_expressible', 'The policy redacts the name of what is asked for.');
  }
  return forward(context, request, upstream, { decision, params: forwarded, binding, opened });
}

interface Forwarding {
  readonly decision: Decision;
  readonly params: JsonObject;
  readonly binding: Binding;
  readonly opened: OpenedInputs | undefined;
}

async function forward(
  context: CallContext,
  request: IncomingRequest,
  upstream: Upstream,
  { decision, params, binding, opened }: Forwarding,
): Promise<JsonObject> {
  const { name } = params;
  const sent = {
    server: upstream.id,
    method: request.method,
    meta: request.meta,
    ...(request.method === 'prompts/get' && typeof name === 'string' ? { name } : {}),
  };
  const exchange = roundByRound((inputs) =>
    context.telemetry.upstream(sent, (meta) =>
      upstream.request(request.method, params, {
        meta,
        capabilities: askableCapabilities(request.capabilities),
        ...(inputs === undefined ? {} : { inputs }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
        ...(request.onProgress === undefined ? {} : { onProgress: request.onProgress }),
      }),
    ),
  );
  const end = await runRounds(context, {
    incoming: request,
    upstream,
    exchange,
    binding,
    ...(opened === undefined ? {} : { opened }),
  });
  const closing = { decision_id: decision.decision_id };
  if (end.kind === 'asked') {
    await context.point.complete({ ...closing, status: 'succeeded' });
    return end.result as unknown as JsonObject;
  }
  if (end.kind === 'refused' || end.kind === 'broken') {
    await context.point.complete({ ...closing, status: 'unknown' });
    if (end.kind === 'broken') throw faultError(end.code, end.message);
    throw refuseRequest({ ...request, options: context.refusals }, end.decision);
  }
  if (end.kind === 'not_sent' || end.kind === 'unknown') {
    await context.point.complete({ ...closing, status: end.kind });
    throw faultError('upstream_unavailable', 'The server did not answer.');
  }
  return release(context, request, upstream, decision, end);
}

async function release(
  context: CallContext,
  request: IncomingRequest,
  upstream: Upstream,
  decision: Decision,
  answer: Extract<UpstreamAnswer, { readonly kind: 'result' | 'error' }>,
): Promise<JsonObject> {
  const shape = REQUEST_SHAPES[request.method];
  const result: ActionResult =
    answer.kind === 'error'
      ? { content: [{ type: 'text', text: answer.message }], is_error: true }
      : shape.judged(answer.result as unknown as JsonObject);
  context.observe?.(CALL_STEPS.judgement.name);
  const judged = await judgeAnswer(context.point, decision, result, request.flight.asides);
  if (judged.kind === 'withheld') throw faultError(judged.code, 'The result is withheld.');
  request.flight.released = judged.asides;
  if (answer.kind === 'error') throw serverError(answer.code, judged.result.content, request);
  context.observe?.(CALL_STEPS.release.name);
  return { ...shape.released(context.catalogue, upstream, judged.result), _meta: verdictMeta(decision) };
}

/** Codes by which servers say that a resource does not exist, of either era. */
const NOT_FOUND: readonly number[] = [-32_602, -32_002];

function serverError(
  code: number,
  content: Json | undefined,
  { method, params }: IncomingRequest,
): ProtocolError {
  const { uri } = params;
  // The client's own words; what else a server adds, no output policy has seen.
  const missing = method === 'resources/read' && NOT_FOUND.includes(code) && uri !== undefined;
  return new ProtocolError(code, errorText(content), missing ? { uri } : undefined);
}

/** The server's message, as far as the output policy lets it pass. */
function errorText(content: Json | undefined): string {
  const [first] = Array.isArray(content) ? (content as readonly Json[]) : [];
  const text = (first as { readonly text?: Json } | undefined)?.text;
  return typeof text === 'string' ? text : 'the server refused the request';
}

async function refuseUnasked(
  context: CallContext,
  request: IncomingRequest,
  code: string,
  message: string,
): Promise<never> {
  const action: Action = { type: METHODS[request.method].type, phase: 'call', args: request.params };
  await reportRefused(context.point, request, action, code, message);
  throw faultError(code, message);
}
