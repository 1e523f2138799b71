import { accessTask } from '../access-request/access-task.ts';
import { CALLBACK_EVENTS, callbackChannel, readSubscriptions } from '../access-request/callbacks.ts';
import type { ChannelSender } from './sender.ts';
import { type SignedReceiver, signedPost } from './signed-post.ts';

/**
 * Tells an enforcement point what became of an access request, where it asked for that: AuthZEN's callbacks, signed as
 * webhooks are. It is no way to people.
 */
export function callbackSender({
  name,
  ...receiver
}: SignedReceiver & {
  /** As the configuration names it. */
  readonly name: string;
}): ChannelSender {
  return {
    name: callbackChannel(name),
    send: async ({ id, event, approval, memo }, signal) => {
      if (!CALLBACK_EVENTS.some((known) => known === event)) return { ok: true };
      for (const [index, { base, events, state }] of readSubscriptions(memo).entries()) {
        if (events !== undefined && !events.includes(event)) continue;
        const body = JSON.stringify({
          ...(state === undefined ? {} : { state }),
          ...accessTask(base, approval),
        });
        const told = await signedPost(receiver, index === 0 ? id : `${id}_${index}`, body, signal);
        // What was told before comes again with the same id.
        if (!told.ok) return told;
      }
      return { ok: true };
    },
  };
}
