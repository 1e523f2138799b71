import type { ClientCapabilities } from '@modelcontextprotocol/client';
import type { JsonObject } from '@writ/decision';
import type { InputMethod } from './methods.ts';

/** Whom a server may ask, and tell, over a connection that belongs to one client. */
export interface Peer {
  /** What the client can be asked for: nothing else is declared to the server. */
  readonly capabilities: ClientCapabilities;
  /** Decides, asks the client, and gives what of its answer may go to the server. Rejects with a protocol error. */
  input(method: InputMethod, params: JsonObject, signal: AbortSignal): Promise<JsonObject>;
  /** A log message of the server. */
  log(entry: JsonObject): void;
  /** The server says that the person is done with a page that it asked to open; absent where nobody can be told. */
  pageDone?(elicitationId: string): void;
}

/** What of a client's capabilities a server gets to see: which kinds of questions it answers, and in which modes. */
export function askableCapabilities(declared: ClientCapabilities | undefined): ClientCapabilities {
  const { sampling, elicitation, roots } = declared ?? {};
  return {
    ...(sampling === undefined ? {} : { sampling: modes(sampling, ['tools', 'context']) }),
    ...(elicitation === undefined ? {} : { elicitation: modes(elicitation, ['form', 'url']) }),
    ...(roots === undefined ? {} : { roots: {} }),
  };
}

function modes(declared: object, known: readonly string[]): Record<string, Record<string, never>> {
  return Object.fromEntries(known.filter((mode) => Object.hasOwn(declared, mode)).map((mode) => [mode, {}]));
}
