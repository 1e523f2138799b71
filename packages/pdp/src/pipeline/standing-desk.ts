import {
  type Json,
  type StandingGrant,
  type StandingPermission,
  standingGrantProblem,
  uuidV7,
} from '@writ/decision';
import { allStanding, type StandingState, standingStatus, toStanding } from '@writ/state';
import { type Approver, coversTenant } from './approver.ts';
import type { Core } from './core.ts';
import { commitFault } from './faults.ts';
import type { StandingRequest } from './standing-procedure.ts';

export type StandingOutcome =
  | { readonly ok: true; readonly standing: StandingPermission }
  | {
      readonly ok: false;
      readonly code: 'request_invalid' | 'not_found' | 'state_unavailable' | 'audit_unavailable';
      readonly message: string;
    };

/** What people do with standing permissions. Whoever calls this has checked who it is. */
export interface StandingDesk {
  /** Those that a person may see, the oldest first; without `ended` only what still covers calls. */
  list(options?: {
    readonly person?: Approver;
    readonly ended?: boolean;
  }): Promise<readonly StandingPermission[]>;
  grant(grant: unknown, by: string, comment?: string): Promise<StandingOutcome>;
  revoke(id: string, person: Approver, comment?: string): Promise<StandingOutcome>;
}

export function createStandingDesk(core: Core): StandingDesk {
  const act = async (request: StandingRequest): Promise<StandingOutcome> => {
    try {
      const state = await core.store.call<StandingRequest, StandingState | null>('pdp.standing', request);
      if (state === null) return NOT_THERE;
      return { ok: true, standing: toStanding(state, core.clock.nowMs()) };
    } catch (thrown) {
      return { ok: false, ...commitFault(thrown) };
    }
  };
  const framed = (comment: string | undefined) => ({
    saltSeed: core.saltSeed(),
    trust: core.trust,
    ...(comment === undefined ? {} : { comment }),
  });
  return {
    list: async ({ person, ended = false } = {}) => {
      const nowMs = core.clock.nowMs();
      return (await allStanding(core.store))
        .filter(({ grant }) => person === undefined || coversTenant(person, grant.tenant))
        .filter((state) => ended || standingStatus(state, nowMs) === 'active')
        .toSorted((left, right) => left.created_ms - right.created_ms)
        .map((state) => toStanding(state, nowMs));
    },
    grant: async (given, by, comment) => {
      const problem = standingGrantProblem(given as Json, core.clock.nowMs());
      if (problem !== undefined) return { ok: false, code: 'request_invalid', message: problem };
      const grant = given as StandingGrant;
      const { tenant } = grant;
      const id = newStandingId(core);
      const named = tenant === undefined ? {} : { tenant };
      return act({ step: 'granted', id, grant, by, ...named, ...framed(comment) });
    },
    revoke: async (id, person, comment) => {
      const state = (await allStanding(core.store)).find((each) => each.id === id);
      if (state === undefined || !coversTenant(person, state.grant.tenant)) return NOT_THERE;
      const { tenant } = state.grant;
      const named = tenant === undefined ? {} : { tenant };
      return act({ step: 'revoked', id, by: person.id, ...named, ...framed(comment) });
    },
  };
}

const NOT_THERE: StandingOutcome = {
  ok: false,
  code: 'not_found',
  message: 'there is no such standing permission, or it was revoked already',
};

export function newStandingId(core: Pick<Core, 'clock' | 'randomBytes'>): string {
  return `stp-${uuidV7(core.clock.nowMs(), core.randomBytes)}`;
}
