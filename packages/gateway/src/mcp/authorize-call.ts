import { randomUUID } from 'node:crypto';
import type { CallToolResult, ProgressCallback } from '@modelcontextprotocol/server';
import {
  type ActionResult,
  type CompleteCall,
  type DecideCall,
  type Decision,
  type DecisionRequest,
  type Json,
  type JsonObject,
  STRICT_JSON_CODES,
} from '@writ/decision';
import type { Caller } from '../identity/caller.ts';
import type { BoundedPoint } from './bounded-point.ts';
import type { Catalogue, CatalogueTool } from './catalogue.ts';
import { faultResult, refusalResult, verdictMeta } from './refusal.ts';
import { traceId, traceMeta } from './trace.ts';
import type { UpstreamAnswer } from './upstream.ts';

/** One `tools/call`, read strictly. */
export interface IncomingCall {
  readonly caller: Caller;
  readonly name: string;
  readonly args: JsonObject | undefined;
  /** `_meta` of the request. */
  readonly meta: JsonObject;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressCallback;
}

export interface CallContext {
  readonly point: BoundedPoint;
  readonly catalogue: Catalogue;
}

/** Key of `_meta` by which a client names the approval to use up; it only selects, the decision point judges it. */
export const APPROVAL_META_KEY = 'dev.writ/approval';
/**
 * Key of `_meta` by which a client tells its conversations apart, for the record. It begins no session: one that a
 * client could begin anew would have new budgets and counts.
 */
export const SESSION_META_KEY = 'dev.writ/session';

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
  const approval = textOf(call.meta[APPROVAL_META_KEY]);
  const ask = (approvalId: string | undefined): Promise<Decision> => {
    // A key of the client's own would let it have one decision, and one reservation, for many effects.
    const base: DecideCall = {
      request: requestOf(call, tool),
      idempotency_key: randomUUID(),
      tool_digest: tool.digest,
    };
    return context.point.decide(approvalId === undefined ? base : { ...base, approval_id: approvalId });
  };
  const decision = await ask(approval);
  // The same call was approved meanwhile: a model repeats a call, it cannot carry an approval's id along.
  if (approval === undefined && decision.outcome === 'escalate' && decision.approval?.status === 'approved') {
    return ask(decision.approval.id);
  }
  return decision;
}

async function forward(
  context: CallContext,
  call: IncomingCall,
  tool: CatalogueTool,
  decision: Decision,
): Promise<CallToolResult> {
  const answer = await tool.upstream.call(tool, decision.forwarded_args, {
    meta: traceMeta(call.meta),
    ...(call.signal === undefined ? {} : { signal: call.signal }),
    ...(call.onProgress === undefined ? {} : { onProgress: call.onProgress }),
  });
  if (answer.kind === 'not_sent' || answer.kind === 'unknown') {
    // Something is wrong with this upstream: what it offers is asked again before the next call.
    context.catalogue.forget(tool.upstream);
    await context.point.complete({ decision_id: decision.decision_id, status: answer.kind });
    return failedResult(decision, FAILURES[answer.kind]);
  }
  const result = resultOf(answer);
  const closing: CompleteCall = {
    decision_id: decision.decision_id,
    status: result.is_error === true ? 'failed' : 'succeeded',
  };
  const completion = await context.point.complete({ ...closing, result });
  if (completion.effect === 'proceed') return releasedResult(completion.result ?? result, decision);
  const code = completion.reasons[0]?.code ?? 'result_withheld';
  // A result that can't be read strictly is never judged, so never released; that the tool ran is still on record.
  if (isUnreadable(code)) await context.point.complete(closing);
  return faultResult(code, 'The tool ran; its result is withheld.');
}

function isUnreadable(code: string): boolean {
  return (STRICT_JSON_CODES as readonly string[]).includes(code);
}

const FAILURES = {
  not_sent: 'The tool server restarted; nothing was sent. Repeat the call.',
  unknown: 'The tool server did not answer; whether the call took effect is not known.',
} as const;

/** What the output policy judges: a server's error message can carry as much as a result. */
function resultOf(answer: Extract<UpstreamAnswer, { kind: 'result' | 'error' }>): ActionResult {
  if (answer.kind === 'error') {
    return { content: [{ type: 'text', text: `TOOL_FAILED: ${answer.message}` }], is_error: true };
  }
  const { content, structuredContent, isError } = answer.result;
  return {
    content: content as unknown as Json,
    ...(structuredContent === undefined ? {} : { structured: structuredContent as unknown as Json }),
    is_error: isError === true,
  };
}

/** Only what the output policy saw goes out: no `_meta` of the server's, which could pose as a verdict of ours. */
function releasedResult(released: ActionResult, decision: Decision): CallToolResult {
  return {
    content: (released.content ?? []) as unknown as CallToolResult['content'],
    ...(released.structured === undefined
      ? {}
      : { structuredContent: released.structured as NonNullable<CallToolResult['structuredContent']> }),
    ...(released.is_error === true ? { isError: true } : {}),
    _meta: verdictMeta(decision),
  };
}

function failedResult(decision: Decision, message: string): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: `TOOL_FAILED: ${message}` }],
    _meta: verdictMeta(decision),
  };
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
  const conversation = textOf(call.meta[SESSION_META_KEY]);
  const trace = traceId(call.meta);
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
    ...(conversation === undefined && trace === undefined
      ? {}
      : {
          context: {
            ...(conversation === undefined ? {} : { conversation_id: conversation }),
            ...(trace === undefined ? {} : { trace_id: trace }),
          },
        }),
  };
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value.length > 0 && value.length <= 256 ? value : undefined;
}
