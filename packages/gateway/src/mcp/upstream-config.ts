/** An MCP server behind the gateway: a process on stdio, or a streamable HTTP endpoint. */
export type UpstreamConfig = {
  /** Lower-case id, unique in the gateway; the `server` that policies see. */
  readonly id: string;
  /** Longest wait for an answer or the next sign of progress, ms. Default 60,000. */
  readonly timeoutMs?: number;
  /** Longest wait for an answer however much progress is reported, ms. Default ten times `timeoutMs`. */
  readonly timeoutTotalMs?: number;
} & (
  | {
      readonly command: string;
      readonly args?: readonly string[];
      /** The whole environment of the child beside PATH, HOME and the like; nothing else is inherited. */
      readonly env?: Readonly<Record<string, string>>;
      readonly cwd?: string;
      /** Resident memory beyond which the process is ended, bytes. Default 2 GiB. Looked at on Linux. */
      readonly memoryBytesMax?: number;
    }
  | {
      readonly url: string;
      /** The upstream's own credential. The caller's is never passed on. */
      readonly headers?: Readonly<Record<string, string>>;
    }
);

/** How long a request may take. */
export interface WaitLimits {
  readonly timeoutMs: number;
  readonly timeoutTotalMs: number;
}

const TIMEOUT_MS = 60_000;
const TOTAL_FACTOR = 10;

export function waitLimitsOf({ timeoutMs = TIMEOUT_MS, timeoutTotalMs }: UpstreamConfig): WaitLimits {
  return { timeoutMs, timeoutTotalMs: timeoutTotalMs ?? timeoutMs * TOTAL_FACTOR };
}
