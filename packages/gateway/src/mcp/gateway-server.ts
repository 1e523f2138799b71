import { ProtocolError, Server, type ServerOptions } from '@modelcontextprotocol/server';
import type { Json } from '@writ/decision';
import { isObject } from './json-object.ts';

/** JSON-RPC 2.0. */
const INVALID_PARAMS = -32_602;
const SAID_LENGTH_MAX = 300;

/** What a request has to be like and is not, as the SDK tells it; undefined for any other failure. */
export function paramsFault(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof ProtocolError || !error.message.startsWith('['))
    return undefined;
  let issues: Json;
  try {
    issues = JSON.parse(error.message) as Json;
  } catch {
    return undefined;
  }
  const [first] = Array.isArray(issues) ? (issues as readonly Json[]) : [];
  if (!isObject(first) || !Array.isArray(first['path'])) return undefined;
  const path = first['path'] as readonly Json[];
  if (path[0] !== 'params') return undefined;
  return `${path.join('.')}: ${String(first['message'])}`.slice(0, SAID_LENGTH_MAX);
}

/**
 * The SDK's server, but that a request which is none of the protocol's is its client's error, and heard of: the SDK says an
 * internal one.
 */
export class GatewayServer extends Server {
  readonly #onMalformed: (reason: string) => Promise<void>;

  constructor(
    info: ConstructorParameters<typeof Server>[0],
    options: ServerOptions,
    onMalformed: (reason: string) => Promise<void>,
  ) {
    super(info, options);
    this.#onMalformed = onMalformed;
  }

  protected override _wrapHandler(
    ...[method, handler]: Parameters<Server['_wrapHandler']>
  ): ReturnType<Server['_wrapHandler']> {
    const wrapped = super._wrapHandler(method, handler);
    return async (request, context) => {
      try {
        return await wrapped(request, context);
      } catch (error) {
        const reason = paramsFault(error);
        if (reason === undefined) throw error;
        await this.#onMalformed(reason);
        throw new ProtocolError(INVALID_PARAMS, `Invalid params: ${reason}`);
      }
    };
  }
}
