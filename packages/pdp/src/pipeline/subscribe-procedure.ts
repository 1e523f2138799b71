import { memoKey, readMemo, writeMemo } from '@writ/state';
import type { Procedure } from '@writ/store';
import {
  type CallbackSubscription,
  readSubscriptions,
  SUBSCRIPTIONS_MAX,
} from '../access-request/callbacks.ts';

/** An enforcement point wants to be told what becomes of an approval. */
export interface SubscribeRequest {
  readonly approvalId: string;
  readonly channel: string;
  readonly subscription: CallbackSubscription;
}

/** Notes a subscription once; false where the approval has as many as it may. */
const subscribeProcedure: Procedure<SubscribeRequest, boolean> = {
  name: 'pdp.subscribe',
  keys: ({ approvalId, channel }) => [memoKey(approvalId, channel)],
  run: (transaction, { approvalId, channel, subscription }) => {
    const key = memoKey(approvalId, channel);
    const before = readSubscriptions(readMemo((cell) => transaction.get(cell), key));
    const text = JSON.stringify(subscription);
    if (before.some((each) => JSON.stringify(each) === text)) return true;
    if (before.length >= SUBSCRIPTIONS_MAX) return false;
    writeMemo(transaction, key, JSON.stringify([...before, subscription]));
    return true;
  },
};

export default subscribeProcedure;
