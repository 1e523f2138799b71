import { randomUUID } from 'node:crypto';
import type { Decision } from '@writ/decision';
import type { CatalogueTool } from './catalogue.ts';
import type { HeldExchange } from './exchange.ts';

/** A call that was allowed and sent, and whose server waits for answers. */
export interface HeldCall {
  readonly exchange: HeldExchange;
  readonly tool: CatalogueTool;
  readonly decision: Decision;
}

/** Calls that wait for their client to come back. */
export interface HeldCalls {
  /** Keeps one, and gives the id to fetch it by. */
  put(call: HeldCall, onExpired: () => void): string;
  /** Takes it out: it is fetched once. */
  take(id: string): HeldCall | undefined;
  readonly count: number;
  close(): void;
}

export function createHeldCalls(ttlMs: number): HeldCalls {
  const calls = new Map<string, { readonly call: HeldCall; readonly timer: NodeJS.Timeout }>();
  const take = (id: string) => {
    const held = calls.get(id);
    if (held === undefined) return undefined;
    clearTimeout(held.timer);
    calls.delete(id);
    return held.call;
  };
  return {
    put(call, onExpired) {
      const id = randomUUID();
      const timer = setTimeout(() => {
        if (take(id) === undefined) return;
        call.exchange.end();
        onExpired();
      }, ttlMs);
      timer.unref();
      calls.set(id, { call, timer });
      return id;
    },
    take,
    get count() {
      return calls.size;
    },
    close() {
      for (const id of [...calls.keys()]) take(id)?.exchange.end();
    },
  };
}
