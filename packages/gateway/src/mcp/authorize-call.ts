import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Action, ActionResult, Decision, Json, JsonObject } from '@writ/decision';
import { askDecision, type Incoming, reportRefused } from './ask-decision.ts';
import type { BoundedPoint } from './bounded-point.ts';
import type { Catalogue, CatalogueTool } from './catalogue.ts';
import { judgeAnswer } from './judge-answer.ts';
import { faultResult, verdictMeta } from './refusal.ts';
import { type RefusalOptions, refuseCall } from './refuse.ts';
import { releaseContent } from './release-content.ts';
import { traceMeta } from './trace.ts';
import type { UpstreamAnswer } from './upstream.ts';

/** One `tools/call`, read strictly. */
export interface IncomingCall extends Incoming {
  readonly name: string;
  readonly args: JsonObject | undefined;
}

export interface CallContext {
  readonly point: BoundedPoint;
  readonly catalogue: Catalogue;
  readonly refusals: RefusalOptions;
}

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
  const decision = await askDecision(context.point, call, actionOf(call, found.tool), found.tool.digest);
  if (decision.effect !== 'proceed') return refuseCall({ ...call, options: context.refusals }, decision);
  return forward(context, call, found.tool, decision);
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
  const judged = await judgeAnswer(context.point, decision, result);
  if (judged.kind === 'released') return releasedResult(context, tool, judged.result, decision);
  return faultResult(judged.code, 'The tool ran; its result is withheld.');
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
function releasedResult(
  context: CallContext,
  tool: CatalogueTool,
  released: ActionResult,
  decision: Decision,
): CallToolResult {
  return {
    content: releaseContent(
      context.catalogue,
      tool.upstream,
      released.content ?? [],
    ) as unknown as CallToolResult['content'],
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
  const action: Action = {
    type: 'tool_call',
    phase: 'call',
    tool: call.name,
    ...(call.args === undefined ? {} : { args: call.args }),
  };
  await reportRefused(context.point, call, action, code, message);
  return faultResult(code, message);
}

function actionOf(call: IncomingCall, tool: CatalogueTool): Action {
  return {
    type: 'tool_call',
    phase: 'call',
    tool: tool.definition.name,
    server: tool.upstream.id,
    args: call.args ?? {},
    ...(tool.upstream.address === undefined ? {} : { upstream: tool.upstream.address }),
  };
}
