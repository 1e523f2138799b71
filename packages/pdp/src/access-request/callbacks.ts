import type { Json, JsonObject } from '@writ/decision';

/** What the profile lets be told; of its names those that a request of one question can come to. */
export const CALLBACK_EVENTS = ['approved', 'denied', 'expired', 'cancelled'] as const;
/** Its further names may be asked for, and never come. */
const KNOWN_EVENTS: readonly string[] = [...CALLBACK_EVENTS, 'failed', 'partial'];
const STATE_LENGTH_MAX = 4_096;
const KEYS = ['endpoint', 'state', 'events'];

/** A receiver that operator and enforcement point have agreed on: nothing is sent anywhere else. */
export interface CallbackReceiver {
  readonly name: string;
  /** The very text that requests name as `endpoint`. */
  readonly url: string;
  /** Enforcement points that may name it; absent: any. */
  readonly points?: readonly string[];
}

/** Who is told what became of an access request. */
export interface CallbackSubscription {
  /** The address under which the service was asked. */
  readonly base: string;
  readonly events?: readonly string[];
  /** Given back as it came. */
  readonly state?: Json;
}

/** Subscriptions of one approval at one receiver. */
export const SUBSCRIPTIONS_MAX = 16;

/** The channel of a receiver; no channel to people has such a name. */
export function callbackChannel(name: string): string {
  return `callback:${name}`;
}

/** Is this a way to people, and not to an enforcement point. */
export function asksPeople(channel: string): boolean {
  return !channel.startsWith('callback:');
}

/** What a request says of its callback: the receiver's channel and the subscription, or why it is not taken. */
export type CallbackRead =
  | { readonly ok: true; readonly channel: string; readonly subscription: CallbackSubscription }
  | { readonly ok: false; readonly problem: string };

/** Reads `callback` of an access request of the enforcement point `pointId`. */
export function readCallback(
  callback: Json,
  receivers: readonly CallbackReceiver[],
  pointId: string,
  base: string,
): CallbackRead {
  const problem = shapeProblem(callback);
  if (problem !== undefined) return { ok: false, problem };
  const { endpoint, state, events } = callback as JsonObject & { readonly events?: readonly string[] };
  const agreed = receivers.find(
    ({ url, points }) => url === endpoint && (points === undefined || points.includes(pointId)),
  );
  if (agreed === undefined)
    return { ok: false, problem: '`callback.endpoint` is none that is agreed with this enforcement point' };
  const subscription = {
    base,
    ...(state === undefined ? {} : { state }),
    ...(events === undefined ? {} : { events }),
  };
  return { ok: true, channel: callbackChannel(agreed.name), subscription };
}

function shapeProblem(callback: Json): string | undefined {
  if (typeof callback !== 'object' || callback === null || Array.isArray(callback))
    return '`callback` is not an object';
  const { endpoint, state = null, events = [] } = callback as JsonObject;
  const unknown = Object.keys(callback).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return `\`callback\` has no \`${unknown}\`: known are ${KEYS.join(', ')}`;
  if (typeof endpoint !== 'string') return '`callback.endpoint` is missing';
  if (JSON.stringify(state).length > STATE_LENGTH_MAX)
    return `\`callback.state\` is longer than ${STATE_LENGTH_MAX} characters`;
  const isList = Array.isArray(events) && events.every((event) => KNOWN_EVENTS.includes(event as string));
  return isList ? undefined : `\`callback.events\` is no list of ${KNOWN_EVENTS.join(', ')}`;
}

/** The subscriptions that a channel keeps of an approval. */
export function readSubscriptions(memo: string | undefined): readonly CallbackSubscription[] {
  return memo === undefined ? [] : (JSON.parse(memo) as CallbackSubscription[]);
}
