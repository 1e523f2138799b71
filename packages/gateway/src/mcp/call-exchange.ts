import type { Decision } from '@writ/decision';
import type { CallContext } from './call-context.ts';
import type { CatalogueTool, Lookup } from './catalogue.ts';
import { type Exchange, HeldExchange, roundByRound } from './exchange.ts';
import type { IncomingCall } from './incoming-call.ts';
import type { Lease } from './leases.ts';
import { askableCapabilities } from './peer.ts';
import type { CallOptions } from './upstream-call.ts';

/**
 * Connections of its own for a call that can be asked something only by its result, where the server asks while it
 * works. Without any left, the shared connection serves: on it a server is told that nobody can be asked.
 */
export async function leaseFor(
  { leases }: CallContext,
  call: IncomingCall,
  found: Lookup | undefined,
): Promise<Lease | undefined> {
  const { flight, capabilities, channel } = call;
  if (found?.kind !== 'tool' || channel.era === 'legacy' || flight.ask !== undefined) return undefined;
  const asks = Object.keys(askableCapabilities(capabilities)).length > 0 || flight.logLevel !== undefined;
  if (!asks || (await found.tool.upstream.era().catch(() => 'modern')) === 'modern') return undefined;
  return leases.take(call);
}

/** The way of one allowed call to its server. */
export function exchangeOf(
  { telemetry }: CallContext,
  call: IncomingCall,
  tool: CatalogueTool,
  decision: Decision,
  lease: Lease | undefined,
): Exchange {
  const { upstream } = tool;
  const args = decision.forwarded_args;
  const options: CallOptions = {
    capabilities: askableCapabilities(call.capabilities),
    ...(call.onProgress === undefined ? {} : { onProgress: call.onProgress }),
  };
  const sent = { server: upstream.id, method: 'tools/call', name: tool.definition.name, meta: call.meta };
  if (lease === undefined) {
    const signal = call.signal === undefined ? {} : { signal: call.signal };
    return roundByRound((inputs) =>
      telemetry.upstream(sent, (meta) =>
        upstream.call(tool, args, {
          ...options,
          meta,
          ...signal,
          ...(inputs === undefined ? {} : { inputs }),
        }),
      ),
    );
  }
  const exchange = new HeldExchange(
    (signal) => telemetry.upstream(sent, (meta) => upstream.call(tool, args, { ...options, meta, signal })),
    lease,
  );
  exchange.board(call.flight);
  return exchange;
}
