import type { Caller } from '@writ/identity';
import { askDecision, type Incoming } from './ask-decision.ts';
import type { CallContext } from './call-context.ts';
import { Flight } from './flight.ts';
import { type Era, METHODS, named } from './methods.ts';

/**
 * May this caller still hear of this resource, which it subscribed to earlier: a decision of its own, since policies and
 * what they read may have changed. Whatever fails says no.
 */
export async function mayStillHear(
  { point, catalogue }: Pick<CallContext, 'point' | 'catalogue'>,
  caller: Caller,
  era: Era,
  uri: string,
): Promise<boolean> {
  const place = await catalogue.locateUri(uri).catch(() => undefined);
  if (place === undefined) return false;
  const { upstream } = place;
  const incoming: Incoming = { caller, channel: { era }, meta: {}, capabilities: {}, flight: new Flight() };
  const decision = await askDecision(
    point,
    incoming,
    {
      type: METHODS['resources/subscribe'].type,
      phase: 'call',
      operation: 'notifications/resources/updated',
      server: upstream.id,
      args: { uri: place.uri },
      resources: [named('resource', place.uri)],
      ...(upstream.address === undefined ? {} : { upstream: upstream.address }),
    },
    undefined,
  );
  if (decision.effect !== 'proceed') return false;
  await point.complete({ decision_id: decision.decision_id, status: 'succeeded' });
  return true;
}
