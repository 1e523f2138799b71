import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type DetailedPeerCertificate, TLSSocket } from 'node:tls';

/** The certificate that a peer showed in the TLS handshake; that it holds the key is proved, nothing else. */
export interface PeerCertificate {
  readonly leaf: X509Certificate;
  /** Further certificates that it sent, in no order that could be relied on. */
  readonly intermediates: readonly X509Certificate[];
  /** What OpenSSL found wrong with the path to the trusted certificates of the listener; undefined for nothing. */
  readonly pathError: string | undefined;
}

/** What a transport knows about its peer: all that a provider may judge. */
export interface Credentials {
  /** Every value of a header, in order; empty where it was not sent. Names in lower case. */
  header(name: string): readonly string[];
  /** HTTP method. */
  readonly method: string;
  readonly peer?: PeerCertificate;
}

/** The credentials of an HTTP request. */
export function credentialsOf(request: IncomingMessage): Credentials {
  const peer = peerOf(request);
  return {
    // Node joins or drops repeated headers otherwise, and two readers could then see two different ones.
    header: (name) => request.headersDistinct[name] ?? [],
    method: request.method ?? '',
    ...(peer === undefined ? {} : { peer }),
  };
}

const peers = new WeakMap<TLSSocket, PeerCertificate>();

/** Read once for each connection: a certificate does not change within one (TLS 1.3 has no renegotiation). */
function peerOf({ socket }: IncomingMessage): PeerCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const known = peers.get(socket);
  if (known !== undefined) return known;
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return undefined;
  const { authorized, authorizationError } = socket;
  const peer: PeerCertificate = {
    leaf,
    intermediates: issuersOf(socket),
    pathError: authorized ? undefined : String(authorizationError ?? 'not authorized'),
  };
  peers.set(socket, peer);
  return peer;
}

const CHAIN_LENGTH_MAX = 16;

/**
 * What the peer sent beside its own certificate, as far as Node shows it; none of it is trusted. Node 24 shows a server
 * nothing of it: an intermediate authority has to stand in the trust bundle, beside its root.
 */
function issuersOf(socket: TLSSocket): X509Certificate[] {
  const found = new Map<string, X509Certificate>();
  let each: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true).issuerCertificate;
  while (each?.raw !== undefined && !found.has(each.fingerprint256) && found.size < CHAIN_LENGTH_MAX) {
    found.set(each.fingerprint256, new X509Certificate(each.raw));
    each = each.issuerCertificate;
  }
  return [...found.values()];
}
