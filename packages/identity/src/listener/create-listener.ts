import { constants } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { BundleSource } from '../spiffe/trust-bundle.ts';
import { type KeyPairSource, secureContextOf } from './tls-material.ts';

export interface ListenerOptions {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Absent: plain HTTP. */
  readonly tls?: {
    readonly keyPair: KeyPairSource;
    /** Trust bundles of clients' certificates; with them every client is asked for one, and none has to have one. */
    readonly bundles?: BundleSource;
  };
}

/** Longest time in which a request, and its headers, must have come in, ms. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** How often both are looked at, ms. */
const TIMEOUT_CHECK_MS = 5_000;

/**
 * The server of a gateway's port. Certificates and authorities follow their sources for new connections; those that
 * are open go on, so that a rotation drops no call.
 */
export function createListener({ handle, tls }: ListenerOptions): Server | TlsServer {
  const limits = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  };
  if (tls === undefined) return createServer(limits, handle);
  const { keyPair, bundles } = tls;
  const server = createTlsServer(
    {
      ...limits,
      ...secureContextOf(keyPair.current(), bundles),
      // Without tickets no session is resumed: each connection shows its certificate to the authorities of now.
      secureOptions: constants.SSL_OP_NO_TICKET,
      ...(bundles === undefined ? {} : { requestCert: true, rejectUnauthorized: false }),
    },
    handle,
  );
  const renew = (): void =>
    server.setSecureContext({
      ...secureContextOf(keyPair.current(), bundles),
      secureOptions: constants.SSL_OP_NO_TICKET,
    });
  keyPair.onChange(renew);
  bundles?.onChange(renew);
  return server;
}
