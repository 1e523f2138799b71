import { once } from 'node:events';
import type { Approval, DecisionPoint } from '@writ/decision';
import { type ApprovalState, toApproval } from '@writ/state';
import type { ApprovalStepRequest, ApprovalStepResult } from './approval-procedure.ts';
import { approvalNamed } from './call-cells.ts';
import { type CallerIdentity, refusedClaim } from './caller.ts';
import type { Core } from './core.ts';
import { mintOverride } from './override-token.ts';

/** How often a waiting caller looks, ms: another process may have moved the approval. */
const LOOK_EVERY_MS = 250;

/** Approvals as one enforcement point sees them: those of principals and actors that it may speak for. */
export function approvalFor(core: Core, caller: CallerIdentity): DecisionPoint['approval'] {
  const visible = async (id: string): Promise<ApprovalState | undefined> => {
    const state = await approvalNamed(core.store, id, core.clock.nowMs()).catch(() => undefined);
    return state !== undefined && covers(caller, state) ? state : undefined;
  };
  return {
    get: async (id) => shownTo(core, caller, await visible(id)),
    wait: async (id, options = {}) => {
      const until = performance.now() + (options.timeoutMs ?? 0);
      for (;;) {
        const state = await visible(id);
        const leftMs = until - performance.now();
        if (state?.status !== 'pending' || leftMs <= 0 || options.signal?.aborted === true)
          return shownTo(core, caller, state);
        await moved(core, id, Math.min(leftMs, LOOK_EVERY_MS), options.signal);
      }
    },
    cancel: async (id) => {
      const state = await visible(id);
      if (state === undefined) return undefined;
      const moved = await stepApproval(core, { id, step: 'cancelled', by: caller.pointId }).catch(
        () => undefined,
      );
      return shown(moved?.ok === true ? moved.approval : await visible(id));
    },
  };
}

function covers(caller: CallerIdentity, { binding }: ApprovalState): boolean {
  const { principal, tenant, actor } = binding;
  const claim = {
    principal: { id: principal, ...(tenant === undefined ? {} : { tenant }) },
    actor: { id: actor },
    action: { type: 'tool_call', phase: 'call' } as const,
  };
  return refusedClaim(caller, claim) === undefined;
}

/** An approval that was given carries the token that the point may use it by. */
async function shownTo(
  core: Core,
  caller: CallerIdentity,
  state: ApprovalState | undefined,
): Promise<Approval | undefined> {
  if (state === undefined) return undefined;
  const token = await mintOverride(core, state, caller.pointId).catch(() => undefined);
  return { ...toApproval(state), ...(token === undefined ? {} : { override_token: token }) };
}

function shown(state: ApprovalState | undefined): Approval | undefined {
  return state === undefined ? undefined : toApproval(state);
}

/** Resolves when this process moved the approval, or after the time: then the caller looks for itself. */
async function moved(
  core: Core,
  id: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const timeout = AbortSignal.timeout(Math.ceil(timeoutMs));
  const either = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
  await once(core.moves, id, { signal: either }).catch(() => undefined);
}

/** Moves an approval durably; rejects with the store's error. */
export async function stepApproval(
  core: Core,
  step: Omit<ApprovalStepRequest, 'saltSeed' | 'trust' | 'channels'>,
): Promise<ApprovalStepResult> {
  const request: ApprovalStepRequest = {
    ...step,
    channels: core.channels,
    saltSeed: core.saltSeed(),
    trust: core.trust,
  };
  const result = await core.store.call<ApprovalStepRequest, ApprovalStepResult>('pdp.approval', request);
  if (result.ok) {
    core.pending.note(step.id);
    core.moves.emit(step.id);
  }
  return result;
}
