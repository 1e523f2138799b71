import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

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
    intermediates: issuersOf(leaf),
    pathError: authorized ? undefined : String(authorizationError ?? 'not authorized'),
  };
  peers.set(socket, peer);
  return peer;
}

const CHAIN_LENGTH_MAX = 16;

function issuersOf(leaf: X509Certificate): X509Certificate[] {
  const found: X509Certificate[] = [];
  let issuer = leaf.issuerCertificate;
  while (issuer !== undefined && found.length < CHAIN_LENGTH_MAX) {
    if (found.some((each) => each.fingerprint256 === issuer?.fingerprint256)) break;
    found.push(issuer);
    issuer = issuer.issuerCertificate;
  }
  return found;
}
