import type { UpstreamLimits } from './limits.ts';

/** An MCP server behind the gateway: a process on stdio, or a streamable HTTP endpoint. */
export type UpstreamConfig = {
  /** Lower-case id, unique in the gateway; the `server` that policies see. */
  readonly id: string;
  /** Bounds towards this server; what is absent has its default (`UPSTREAM_LIMITS`). */
  readonly limits?: Partial<UpstreamLimits>;
} & (
  | {
      readonly command: string;
      readonly args?: readonly string[];
      /** The whole environment of the child beside PATH, HOME and the like; nothing else is inherited. */
      readonly env?: Readonly<Record<string, string>>;
      readonly cwd?: string;
    }
  | {
      readonly url: string;
      /** The upstream's own credential. The caller's is never passed on. */
      readonly headers?: Readonly<Record<string, string>>;
    }
);

/** How long a request may take. */
export type WaitLimits = Pick<UpstreamLimits, 'timeoutMs' | 'timeoutTotalMs'>;
