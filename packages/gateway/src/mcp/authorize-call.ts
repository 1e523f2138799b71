import type { CallToolResult, InputRequiredResult } from '@modelcontextprotocol/server';
import type { Action } from '@writ/decision';
import { askDecision } from './ask-decision.ts';
import type { CallContext } from './call-context.ts';
import { exchangeOf, leaseFor } from './call-exchange.ts';
import { CALL_STEPS } from './call-steps.ts';
import type { CatalogueTool, Lookup } from './catalogue.ts';
import type { IncomingCall } from './incoming-call.ts';
import { refuseCall } from './refuse.ts';
import { bindingOf, openInputs } from './rounds.ts';
import { refuseUnasked, resumeCall, settleCall } from './settle-call.ts';

/** Decides, forwards what was authorised and nothing else, and releases what the output policy lets pass. */
export async function authorizeCall(
  context: CallContext,
  call: IncomingCall,
): Promise<CallToolResult | InputRequiredResult> {
  const binding = bindingOf(call, 'tools/call', { name: call.name, args: call.args ?? null });
  const opened = await openInputs(context, call, binding);
  if (opened?.state?.held !== undefined) return resumeCall(context, call, binding, opened);
  context.observe?.(CALL_STEPS.locate.name);
  const found = await context.catalogue.lookup(call.name).catch(() => undefined);
  const lease = await leaseFor(context, call, found);
  const place = lease === undefined ? found : await lease.catalogue.lookup(call.name).catch(() => undefined);
  const ready = await refuseUnready(context, call, place);
  if (ready.kind === 'refused') {
    lease?.release();
    return ready.result;
  }
  const { tool } = ready;
  call.flight.server = tool.upstream.id;
  context.observe?.(CALL_STEPS.decision.name);
  const decision = await askDecision(context.point, call, actionOf(call, tool), tool.digest);
  if (decision.effect !== 'proceed') {
    lease?.release();
    return refuseCall({ ...call, options: context.refusals }, decision);
  }
  const exchange = exchangeOf(context, call, tool, decision, lease);
  return settleCall(context, call, {
    tool,
    decision,
    exchange,
    binding,
    ...(opened === undefined ? {} : { opened }),
  });
}

type Ready =
  | { readonly kind: 'tool'; readonly tool: CatalogueTool }
  | { readonly kind: 'refused'; readonly result: CallToolResult };

async function refuseUnready(
  context: CallContext,
  call: IncomingCall,
  found: Lookup | undefined,
): Promise<Ready> {
  const refuse = async (code: string, message: string): Promise<Ready> => ({
    kind: 'refused',
    result: await refuseUnasked(context, call, code, message),
  });
  if (found === undefined) return refuse('upstream_unavailable', 'The tool server does not answer.');
  if (found.kind === 'unknown') return refuse('tool_unknown', `There is no tool \`${call.name}\`.`);
  context.observe?.(CALL_STEPS.pin.name);
  if (found.kind === 'changed') {
    const message = 'The definition of this tool changed since it was approved; an operator must look at it.';
    return refuse('tool_changed', message);
  }
  return found;
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
