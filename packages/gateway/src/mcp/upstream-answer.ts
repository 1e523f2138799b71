import {
  isInputRequiredResult,
  ProtocolError,
  type Result,
  SdkHttpError,
} from '@modelcontextprotocol/client';
import type { JsonObject } from '@writ/decision';

/** One question of a server, as it stands in a result that asks for input. */
export interface InputRequest {
  readonly method: string;
  readonly params?: JsonObject;
}

/** What a server asks its client before it can answer, by key. */
export interface InputRequired {
  readonly kind: 'input_required';
  readonly requests: Readonly<Record<string, InputRequest>>;
  /** The server's own, to be given back unread. */
  readonly state?: string;
}

/** A server's protocol error. */
export interface UpstreamError {
  readonly kind: 'error';
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** How a forwarded request ended, or what it takes to go on. */
export type UpstreamAnswer<Answer extends Result = Result> =
  | { readonly kind: 'result'; readonly result: Answer }
  | UpstreamError
  | InputRequired
  /** Nothing was sent: the connection that described the tool is gone. */
  | { readonly kind: 'not_sent' }
  /** The request may have reached the server; what became of it is not known. */
  | { readonly kind: 'unknown'; readonly message: string };

/** Sends, and takes whatever happens for an answer. `onStale`: the server no longer knows this connection. */
export async function answerOf<Answer extends Result>(
  send: () => Promise<Answer>,
  onStale?: () => void,
): Promise<UpstreamAnswer<Answer>> {
  try {
    const result = await send();
    if (!isInputRequiredResult(result)) return { kind: 'result', result };
    const { inputRequests = {}, requestState } = result;
    return {
      kind: 'input_required',
      requests: inputRequests as unknown as InputRequired['requests'],
      ...(requestState === undefined ? {} : { state: requestState }),
    };
  } catch (error) {
    if (isStale(error)) onStale?.();
    if (error instanceof ProtocolError) {
      const { code, message, data } = error;
      return { kind: 'error', code, message, ...(data === undefined ? {} : { data }) };
    }
    return { kind: 'unknown', message: 'The server did not answer.' };
  }
}

/** HTTP statuses by which a server says that it knows nothing of this session, or speaks another era by now. */
export const STALE_STATUSES: readonly number[] = [400, 404, 405, 410];

export const UNSUPPORTED_VERSION = -32_022;

/** Does this failure say that the connection must be opened anew. */
export function isStale(error: unknown): boolean {
  if (error instanceof ProtocolError) return error.code === UNSUPPORTED_VERSION;
  return error instanceof SdkHttpError && STALE_STATUSES.includes(error.status ?? 0);
}
