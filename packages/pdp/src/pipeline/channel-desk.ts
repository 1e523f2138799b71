import type { Approval } from '@writ/decision';
import {
  dueNotices,
  groupKey,
  memoKey,
  type OutboxNotice,
  readMemo,
  toApproval,
  upkeepDue,
} from '@writ/state';
import type { CallbackSubscription } from '../access-request/callbacks.ts';
import { approvalNamed } from './call-cells.ts';
import type { Core } from './core.ts';
import type { GroupRequest } from './group-procedure.ts';
import type { OutboxRequest } from './outbox-procedure.ts';
import type { PendingItem } from './pending-index.ts';
import { recentDecisions } from './recent-decisions.ts';
import type { SubscribeRequest } from './subscribe-procedure.ts';
import type { UpkeepRequest } from './upkeep-procedure.ts';

/** What tells channels needs of the decision point; all of it survives the process. */
export interface ChannelDesk {
  /** Notices of a channel that are due, by their keys, the oldest first. */
  due(channel: string): Promise<readonly (readonly [key: string, notice: OutboxNotice])[]>;
  /** Takes one; undefined where another process has it. */
  claim(key: string, owner: string, leaseMs: number): Promise<OutboxNotice | undefined>;
  told(
    key: string,
    owner: string,
    memo?: { approvalId: string; channel: string; text: string },
  ): Promise<void>;
  retry(key: string, owner: string, retryMs: number): Promise<void>;
  /** The approval as people see it, with what the channel kept of it, and the latest decisions where it tells them. */
  look(
    id: string,
    channel: { readonly name: string; readonly tellsRecent?: boolean },
  ): Promise<{ readonly approval: Approval; readonly memo?: string } | undefined>;
  /** Notes who wants to be told what becomes of an approval; false where as many are told as may be. */
  subscribe(id: string, channel: string, subscription: CallbackSubscription): Promise<boolean>;
  /** Ends what expired, reminds, and asks further people, where that is due. */
  upkeep(): Promise<void>;
}

export function createChannelDesk(core: Core): ChannelDesk {
  const act = (request: OutboxRequest) =>
    core.store.call<OutboxRequest, OutboxNotice | null>('pdp.outbox', request);
  return {
    due: (channel) => dueNotices(core.store, channel, core.clock.nowMs()),
    claim: async (key, owner, leaseMs) => (await act({ key, owner, act: 'claim', leaseMs })) ?? undefined,
    told: async (key, owner, memo) => {
      await act({ key, owner, act: 'told', ...(memo === undefined ? {} : { memo }) });
    },
    retry: async (key, owner, retryMs) => {
      await act({ key, owner, act: 'retry', retryMs });
    },
    look: async (id, channel) => {
      const state = await approvalNamed(core.store, id, core.clock.nowMs());
      if (state === undefined) return undefined;
      const key = memoKey(id, channel.name);
      const text = await core.store.read(key);
      const memo = readMemo(() => text, key);
      const recent = channel.tellsRecent === true ? await recentDecisions(core, state) : [];
      const approval = { ...toApproval(state), ...(recent.length === 0 ? {} : { recent }) };
      return { approval, ...(memo === undefined ? {} : { memo }) };
    },
    subscribe: (approvalId, channel, subscription) =>
      core.store.call<SubscribeRequest, boolean>(
        'pdp.subscribe',
        { approvalId, channel, subscription },
        { idempotent: true },
      ),
    upkeep: () => upkeep(core),
  };
}

/** One that cannot be looked after holds up no other; what went wrong is told when all had their turn. */
async function upkeep(core: Core): Promise<void> {
  const faults = [...(await upkeepEach(core)), ...(await upkeepGroups(core))];
  if (faults.length === 0) return;
  const [first] = faults;
  const said = first instanceof Error ? first.message : String(first);
  throw new AggregateError(faults, faults.length === 1 ? said : `${said} (and ${faults.length - 1} more)`);
}

/** Does `work` for each of `items`; gives what was thrown. */
async function forEach<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<readonly unknown[]> {
  const faults: unknown[] = [];
  for (const item of items) await work(item).catch((fault) => faults.push(fault));
  return faults;
}

/** Where the question of a group that people were asked about has ended, they are asked about the next one. */
async function upkeepGroups(core: Core): Promise<readonly unknown[]> {
  const nowMs = core.clock.nowMs();
  const groups = new Map<string, PendingItem>();
  const waiting = new Set<string>();
  for (const item of await core.pending.list()) {
    const { tenant, group, expires_ms } = item.summary;
    if (expires_ms < nowMs) continue;
    waiting.add(item.id);
    const key = group === undefined ? undefined : groupKey(tenant, group);
    if (key !== undefined && !groups.has(key)) groups.set(key, item);
  }
  return forEach(groups, async ([key, { id, summary }]) => {
    const known = await core.store.read(key);
    if (known !== undefined && waiting.has(known)) return;
    const request: GroupRequest = {
      ...(summary.tenant === undefined ? {} : { tenant: summary.tenant }),
      group: summary.group as string,
      id,
      ...(known === undefined ? {} : { known }),
      channels: core.channels,
    };
    await core.store.call<GroupRequest, boolean>('pdp.approval-group', request);
  });
}

async function upkeepEach(core: Core): Promise<readonly unknown[]> {
  const nowMs = core.clock.nowMs();
  const due = (await core.pending.list()).filter(
    ({ summary: { upkeep_ms } }) => upkeep_ms !== undefined && upkeep_ms <= nowMs,
  );
  return forEach(due, async ({ id }) => {
    const state = await approvalNamed(core.store, id, 0);
    const event = state === undefined ? undefined : upkeepDue(state, nowMs);
    if (event === undefined) return;
    const request: UpkeepRequest = {
      id,
      event,
      channels: core.channels,
      step: core.saltSeed().slice(0, 16),
      saltSeed: core.saltSeed(),
      trust: core.trust,
    };
    await core.store.call<UpkeepRequest, boolean>('pdp.approval-upkeep', request);
    core.pending.note(id);
    core.moves.emit(id);
  });
}
