import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Approver } from '../../pipeline/approver.ts';

/** A person who showed a token to the page. In memory: after a restart it is shown again. */
export interface PageSession {
  readonly id: string;
  readonly approver: Approver;
  /** What every form of this session carries. */
  readonly csrf: string;
  readonly endsMs: number;
}

const SESSION_MS = 8 * 60 * 60_000;
const SESSIONS_MAX = 1_000;
export const SESSION_COOKIE = 'writ_session';

export class PageSessions {
  readonly #sessions = new Map<string, PageSession>();

  begin(approver: Approver): PageSession {
    const session: PageSession = {
      id: randomBytes(32).toString('base64url'),
      approver,
      csrf: randomBytes(32).toString('base64url'),
      endsMs: Date.now() + SESSION_MS,
    };
    this.#sessions.set(session.id, session);
    if (this.#sessions.size > SESSIONS_MAX)
      this.#sessions.delete(this.#sessions.keys().next().value as string);
    return session;
  }

  of(cookies: string | undefined): PageSession | undefined {
    const id = new RegExp(`(?:^|; )${SESSION_COOKIE}=([A-Za-z0-9_-]{43})(?:;|$)`).exec(cookies ?? '')?.[1];
    const session = id === undefined ? undefined : this.#sessions.get(id);
    if (session === undefined || session.endsMs > Date.now()) return session;
    this.#sessions.delete(session.id);
    return undefined;
  }

  end({ id }: PageSession): void {
    this.#sessions.delete(id);
  }
}

/** Whether a form was made for this session. */
export function isOwnForm({ csrf }: PageSession, given: string | null): boolean {
  const [own, other] = [Buffer.from(csrf), Buffer.from(given ?? '')];
  return own.length === other.length && timingSafeEqual(own, other);
}
