import {
  type CallToolResult,
  type InputRequiredResult,
  MissingRequiredClientCapabilityError,
  type ProtocolError,
} from '@modelcontextprotocol/server';
import type { Action, ActionResult, Decision, Json } from '@writ/decision';
import { reportRefused } from './ask-decision.ts';
import type { CallContext } from './call-context.ts';
import { CALL_STEPS } from './call-steps.ts';
import type { CatalogueTool } from './catalogue.ts';
import type { Exchange, HeldExchange } from './exchange.ts';
import type { IncomingCall } from './incoming-call.ts';
import { judgeAnswer } from './judge-answer.ts';
import { askableCapabilities } from './peer.ts';
import { faultResult, verdictMeta } from './refusal.ts';
import { refuseCall } from './refuse.ts';
import { releaseContent } from './release-content.ts';
import { type Binding, type OpenedInputs, runRounds } from './rounds.ts';
import type { InputRequired, UpstreamAnswer, UpstreamError } from './upstream-answer.ts';
import { askForPages, type PagesAsked } from './url-elicitation.ts';

/** A call that was allowed, and its way to the server. */
export interface Settling {
  readonly tool: CatalogueTool;
  readonly decision: Decision;
  readonly exchange: Exchange;
  readonly binding: Binding;
  readonly opened?: OpenedInputs;
}

/** Goes on with a call that its server kept open: it was allowed, and sent, in an earlier request of this client. */
export async function resumeCall(
  context: CallContext,
  call: IncomingCall,
  binding: Binding,
  opened: OpenedInputs,
): Promise<CallToolResult | InputRequiredResult> {
  const held = context.held.take(opened.state?.held ?? '');
  if (held === undefined) {
    return refuseUnasked(
      context,
      call,
      'request_state_invalid',
      'The call is not waiting any more; repeat it.',
    );
  }
  const { tool, decision, exchange } = held;
  call.flight.server = tool.upstream.id;
  exchange.board(call.flight);
  return settleCall(context, call, { tool, decision, exchange, binding, opened });
}

/** Carries an allowed call to its end, or to the questions that its client has to answer first. */
export async function settleCall(
  context: CallContext,
  call: IncomingCall,
  { tool, decision, exchange, binding, opened }: Settling,
): Promise<CallToolResult | InputRequiredResult> {
  const abandon = () => exchange.end();
  if (exchange.held) call.signal?.addEventListener('abort', abandon, { once: true });
  const hold = () =>
    context.held.put(
      { exchange: exchange as HeldExchange, tool, decision },
      () => void context.point.complete({ decision_id: decision.decision_id, status: 'unknown' }),
    );
  const end = await runRounds(context, {
    incoming: call,
    upstream: tool.upstream,
    exchange,
    binding,
    hold,
    ...(opened === undefined ? {} : { opened }),
  });
  call.signal?.removeEventListener('abort', abandon);
  if (end.kind === 'asked') {
    // A server that keeps the request open has not answered yet; one that does not has done its part.
    if (!exchange.held)
      await context.point.complete({ decision_id: decision.decision_id, status: 'succeeded' });
    return end.result;
  }
  if (end.kind === 'refused' || end.kind === 'broken') {
    await context.point.complete({ decision_id: decision.decision_id, status: 'unknown' });
    if (end.kind === 'broken') return faultResult(end.code, end.message);
    return refuseCall({ ...call, options: context.refusals }, end.decision);
  }
  if (end.kind === 'error') {
    const pages = await askForPages(context, call, tool.upstream, { answer: end, binding });
    if (pages !== undefined) return asksForPages(context, call, decision, pages);
  }
  return releaseAnswer(context, call, { tool, decision, answer: end });
}

/** The server did nothing yet: a person has to open a page first. */
async function asksForPages(
  context: CallContext,
  call: IncomingCall,
  decision: Decision,
  pages: PagesAsked,
): Promise<CallToolResult | InputRequiredResult> {
  await context.point.complete({ decision_id: decision.decision_id, status: 'failed' });
  if (pages.kind === 'result') return pages.result;
  if (pages.kind === 'error') throw pages.error;
  if (pages.kind === 'broken') return faultResult(pages.code, pages.message);
  return refuseCall({ ...call, options: context.refusals }, pages.decision);
}

async function releaseAnswer(
  context: CallContext,
  call: IncomingCall,
  {
    tool,
    decision,
    answer,
  }: {
    readonly tool: CatalogueTool;
    readonly decision: Decision;
    readonly answer: Exclude<UpstreamAnswer, InputRequired>;
  },
): Promise<CallToolResult> {
  if (answer.kind === 'not_sent' || answer.kind === 'unknown') {
    // Something is wrong with this upstream: what it offers is asked again before the next call.
    context.catalogue.forget(tool.upstream);
    await context.point.complete({ decision_id: decision.decision_id, status: answer.kind });
    return failedResult(decision, FAILURES[answer.kind]);
  }
  const { flight } = call;
  context.observe?.(CALL_STEPS.judgement.name);
  const judged = await judgeAnswer(context.point, decision, resultOf(answer), flight.asides);
  if (judged.kind === 'withheld') return faultResult(judged.code, 'The tool ran; its result is withheld.');
  flight.released = judged.asides;
  if (answer.kind === 'error' && answer.code === MISSING_CAPABILITY) throw missingCapability(answer);
  context.observe?.(CALL_STEPS.release.name);
  return releasedResult(context, tool, judged.result, decision);
}

/** The newer era's own error for a client that cannot be asked what a server has to ask. */
const MISSING_CAPABILITY = -32_021;

/** Only names of capabilities pass: text of the server's own would go past the output policy. */
function missingCapability({ data }: UpstreamError): ProtocolError {
  const { requiredCapabilities } = (data ?? {}) as { readonly requiredCapabilities?: object };
  return new MissingRequiredClientCapabilityError({
    requiredCapabilities: askableCapabilities(requiredCapabilities ?? {}),
  });
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
  const { content, structuredContent, isError } = answer.result as CallToolResult;
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

/** Refuses a call before policy is asked, on record. */
export async function refuseUnasked(
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
