import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOutbound } from '@writ/outbound';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { onTestFinished } from 'vitest';

/** A client that the provider below knows. */
export interface TestClient {
  readonly id: string;
  /** Claims beside the standard ones that its tokens get, as a real provider adds them by its own rules. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly dpop?: boolean;
}

export interface StartedIssuer {
  readonly issuer: string;
  /** A client credentials grant at the real token endpoint. */
  token(client: string, resource: string, more?: { scope?: string; dpop?: string }): Promise<string>;
  tokenEndpoint: string;
  /** Starts again on the same address with new keys. */
  rotate(): Promise<void>;
  stop(): Promise<void>;
  /** Starts again on the same address, with new keys as well. */
  start(): Promise<void>;
}

const SECRET = 'secret-of-a-test-client-secret-of-a-test-client';

/** A real OpenID provider (`oidc-provider`) on a free port, with keys of its own. */
export async function startIssuer(clients: readonly TestClient[]): Promise<StartedIssuer> {
  let server: Server | undefined;
  let port = 0;
  let generation = 0;
  const issuerOf = () => `http://127.0.0.1:${port}`;
  const start = async (): Promise<void> => {
    const listening = createServer((request, response) => handler(request, response));
    let handler: ReturnType<Provider['callback']> = () => undefined as never;
    await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve));
    port = (listening.address() as AddressInfo).port;
    server = listening;
    generation += 1;
    handler = (await makeProvider(issuerOf(), clients, generation)).callback();
  };
  const stop = async (): Promise<void> => {
    server?.closeAllConnections();
    await new Promise<unknown>((resolve) => server?.close(resolve) ?? resolve(undefined));
  };
  await start();
  onTestFinished(stop);
  return {
    issuer: issuerOf(),
    tokenEndpoint: `${issuerOf()}/token`,
    async token(client, resource, { scope, dpop } = {}) {
      const response = await fetch(`${issuerOf()}/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${client}:${SECRET}`).toString('base64')}`,
          ...(dpop === undefined ? {} : { DPoP: dpop }),
        },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          resource,
          ...(scope === undefined ? {} : { scope }),
        }),
      });
      const answer = (await response.json()) as { access_token?: string };
      if (answer.access_token === undefined) throw new Error(JSON.stringify(answer));
      return answer.access_token;
    },
    async rotate() {
      await stop();
      await start();
    },
    stop,
    start,
  };
}

async function makeProvider(
  issuer: string,
  clients: readonly TestClient[],
  generation: number,
): Promise<Provider> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: `key-${generation}`, alg: 'ES256', use: 'sig' };
  return new Provider(issuer, {
    clients: clients.map(({ id, dpop }) => ({
      client_id: id,
      client_secret: SECRET,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
      ...(dpop === true ? { dpop_bound_access_tokens: true } : {}),
    })),
    jwks: { keys: [jwk as never] },
    scopes: ['files:read', 'files:write'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          scope: 'files:read files:write',
          audience: resource,
          accessTokenFormat: 'jwt' as const,
          jwt: { sign: { alg: 'ES256' as const } },
        }),
      },
    },
    extraTokenClaims: (_context: unknown, token: { clientId?: string }) => ({
      ...clients.find(({ id }) => id === token.clientId)?.claims,
    }),
  } as never);
}

/** An outbound client that reaches this machine, as `allow: [loopback]` makes it. */
export function testOutbound() {
  const outbound = createOutbound({ allowLoopback: true });
  onTestFinished(() => outbound.close());
  return outbound;
}

/** Keys of a made-up issuer, for tokens that no honest one gives out. */
export async function forge(alg = 'ES256') {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg };
  return {
    jwk,
    privateKey,
    keys: { keys: [jwk] },
    sign: (claims: JWTPayload, header: Record<string, unknown> = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid: 'k', typ: 'at+jwt', ...header }).sign(privateKey),
  };
}
