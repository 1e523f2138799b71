import type { Caller } from '@writ/identity';
import type { Config } from '../config/config.ts';

/** A caller as `writ.yaml` writes it down. */
export function callerOf({ principal, actor }: NonNullable<Config['anonymous']>): Caller {
  return { principal: defined(principal), actor: defined(actor) };
}

/** Without the members that are undefined: absent and undefined are not the same on the wire. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
