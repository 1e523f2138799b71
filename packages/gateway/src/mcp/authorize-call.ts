import { randomUUID } from 'node:crypto';
import type { CallToolResult, ProgressCallback } from '@modelcontextprotocol/server';
import type {
  ActionResult,
  DecideCall,
  Decision,
  DecisionPoint,
  DecisionRequest,
  Json,
  JsonObject,
} from '@writ/decision';
import type { Caller } from '../identity/caller.ts';
import type { Catalogue, CatalogueTool } from './catalogue.ts';
import { faultResult, refusalResult } from './refusal.ts';

/** One `tools/call`, read strictly. */
export interface IncomingCall {
  readonly caller: Caller;
  readonly name: string;
  readonly args: JsonObject | undefined;
  /** `_meta` of the request without the protocol's own keys. */
  readonly meta: JsonObject;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressCallback;
}

export interface CallContext {
  readonly point: DecisionPoint;
  readonly catalogue: Catalogue;
}

/** Keys of `_meta` that a client may set: none of them is trusted, each only selects or subdivides. */
export const APPROVAL_META_KEY = 'dev.writ/approval';
export const SESSION_META_KEY = 'dev.writ/session';
export const IDEMPOTENCY_META_KEY = 'dev.writ/idempotency-key';

/** Decides, forwards what was authorised and nothing else, and releases what the output policy lets pass. */
export async function authorizeCall(context: CallContext, call: IncomingCall): Promise<CallToolResult> {
  const found = await context.catalogue.lookup(call.name).catch(() => undefined);
  if (found === undefined)
    return refuseUnasked(context, call, 'upstream_unavailable', 'The tool server does not answer.');
  if (found.kind === 'unknown') {
    return refuseUnasked(context, call, 'tool_unknown', `There is no tool \`${call.name}\`.`);
  }
  if (found.kind === 'changed') {
    const message = 'The definition of this tool changed since it was approved; an operator must look at it.';
    return refuseUnasked(context, call, 'tool_changed', message);
  }
  const decision = await decide(context, call, found.tool);
  if (decision.effect !== 'proceed') return refusalResult(decision);
  return forward(context, call, found.tool, decision);
}

async function decide(context: CallContext, call: IncomingCall, tool: CatalogueTool): Promise<Decision> {
  const key = textOf(call.meta[IDEMPOTENCY_META_KEY]) ?? randomUUID();
  const approval = textOf(call.meta[APPROVAL_META_KEY]);
  const base: DecideCall = { request: requestOf(call, tool), idempotency_key: key, tool_digest: tool.digest };
  const decision = await context.point.decide(
    approval === undefined ? base : { ...base, approval_id: approval },
  );
  // The same call was approved meanwhile: a model repeats a call, it cannot carry an approval's id along.
  if (approval === undefined && decision.outcome === 'escalate' && decision.approval?.status === 'approved') {
    return context.point.decide({
      ...base,
      idempotency_key: `${key}:approved`,
      approval_id: decision.approval.id,
    });
  }
  return decision;
}

async function forward(
  context: CallContext,
  call: IncomingCall,
  tool: CatalogueTool,
  decision: Decision,
): Promise<CallToolResult> {
  let result: CallToolResult;
  try {
    result = await tool.upstream.call(tool.definition.name, decision.forwarded_args, {
      meta: traceMeta(call.meta),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
      ...(call.onProgress === undefined ? {} : { onProgress: call.onProgress }),
    });
  } catch (error) {
    // Whether it took effect is not known: a request may have reached the server before the failure.
    await context.point.complete({ decision_id: decision.decision_id, status: 'unknown' });
    const message = error instanceof Error ? error.message : String(error);
    return { isError: true, content: [{ type: 'text', text: `TOOL_FAILED: ${message}` }] };
  }
  const completion = await context.point.complete({
    decision_id: decision.decision_id,
    status: result.isError === true ? 'failed' : 'succeeded',
    result: actionResult(result),
  });
  if (completion.effect !== 'proceed') {
    const code = completion.reasons[0]?.code ?? 'result_withheld';
    return faultResult(code, 'The tool ran; its result is withheld by policy.');
  }
  return releasedResult(result, completion.result);
}

async function refuseUnasked(
  context: CallContext,
  call: IncomingCall,
  code: string,
  message: string,
): Promise<CallToolResult> {
  const { principal, actor } = call.caller;
  await context.point.report({
    kind: 'upstream',
    code,
    message,
    request: {
      principal,
      actor,
      action: {
        type: 'tool_call',
        phase: 'call',
        tool: call.name,
        ...(call.args === undefined ? {} : { args: call.args }),
      },
    },
  });
  return faultResult(code, message);
}

function requestOf(call: IncomingCall, tool: CatalogueTool): DecisionRequest {
  const session = textOf(call.meta[SESSION_META_KEY]);
  const traceparent = textOf(call.meta['traceparent']);
  return {
    principal: call.caller.principal,
    actor: call.caller.actor,
    ...(call.caller.delegation === undefined ? {} : { delegation: call.caller.delegation }),
    action: {
      type: 'tool_call',
      phase: 'call',
      tool: tool.definition.name,
      server: tool.upstream.id,
      args: call.args ?? {},
      ...(tool.upstream.address === undefined ? {} : { upstream: tool.upstream.address }),
    },
    ...(session === undefined && traceparent === undefined
      ? {}
      : {
          context: {
            ...(session === undefined ? {} : { session_id: session }),
            ...(traceparent === undefined ? {} : { trace_id: traceparent }),
          },
        }),
  };
}

/** Only the trace context goes on: anything else in `_meta` was not looked at by policy. */
function traceMeta(meta: JsonObject): JsonObject {
  const names = ['traceparent', 'tracestate', 'baggage'];
  return Object.fromEntries(
    names.flatMap((name) => (typeof meta[name] === 'string' ? [[name, meta[name]]] : [])),
  );
}

function actionResult(result: CallToolResult): ActionResult {
  return {
    content: result.content as unknown as Json,
    ...(result.structuredContent === undefined
      ? {}
      : { structured: result.structuredContent as unknown as Json }),
    is_error: result.isError === true,
  };
}

function releasedResult(result: CallToolResult, released: ActionResult | undefined): CallToolResult {
  if (released === undefined) return result;
  const { structuredContent: _structured, ...rest } = result;
  return {
    ...rest,
    content: (released.content ?? []) as unknown as CallToolResult['content'],
    ...(released.structured === undefined
      ? {}
      : { structuredContent: released.structured as NonNullable<CallToolResult['structuredContent']> }),
  };
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value.length > 0 && value.length <= 256 ? value : undefined;
}
