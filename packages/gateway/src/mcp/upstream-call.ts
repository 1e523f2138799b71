import type { ClientCapabilities, ProgressCallback, Tool } from '@modelcontextprotocol/client';
import type { JsonObject } from '@writ/decision';

/** A tool as the upstream describes it. */
export interface UpstreamTool {
  readonly definition: Tool;
  /** What is held against the pin, and what releases, decisions and approvals are bound to. */
  readonly digest: string;
  /** Number of the connection that described it. */
  readonly connection: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Trace context, passed on in `_meta`. */
  readonly meta?: JsonObject;
  readonly onProgress?: ProgressCallback;
  /** What the client can be asked for; the newer era says it with each request. */
  readonly capabilities?: ClientCapabilities;
  /** The client's answers to what the server asked for, and the server's state. */
  readonly inputs?: { readonly responses: JsonObject; readonly state?: string };
}
