import type { IdentityProvider } from '../authenticator.ts';
import { presentedToken } from '../bearer.ts';
import type { Credentials, PeerCertificate } from '../credentials.ts';
import { type Judged, refused, UNRECOGNISED } from '../refusals.ts';
import { peekClaims } from '../verify-token.ts';
import { extensionsOf } from './extensions.ts';
import { callerOfId, type SpiffeIdMapping } from './id-mapping.ts';
import { checkJwtSvid } from './jwt-svid.ts';
import { parseSpiffeId } from './spiffe-id.ts';
import type { BundleSource, TrustBundle } from './trust-bundle.ts';
import { checkX509Svid, type SvidCheck } from './x509-svid.ts';

/** Workloads by their SPIFFE identity: the certificate of their connection, or a JWT-SVID. */
export interface SpiffeProviderOptions {
  readonly name: string;
  /** The provider does not close it. */
  readonly bundles: Pick<BundleSource, 'current'>;
  /** Audiences of JWT-SVIDs; without any, none is accepted. */
  readonly audiences?: readonly string[];
  /** What paths of ids may be and mean. Absent: every id of a trusted domain. */
  readonly ids?: readonly SpiffeIdMapping[];
  /** Tolerance between clocks for JWT-SVIDs, s. Default 30. */
  readonly clockSkewSeconds?: number;
  readonly now?: () => number;
}

const CLOCK_SKEW_SECONDS = 30;
/** A verified path is looked at anew after this time, ms, and whenever bundles change. */
const RECHECK_MS = 60_000;

/**
 * SPIFFE workloads. A JWT-SVID goes before the certificate of the connection, which may be that of a mesh. Certificates
 * are checked for each request, so that one that expires or whose authority is withdrawn ends on open connections too.
 */
export function spiffeProvider(options: SpiffeProviderOptions): IdentityProvider {
  const { name, bundles, audiences = [], ids, now = Date.now } = options;
  const checkPeer = peerChecker(bundles, now);
  const judged = (check: SvidCheck): Judged => {
    if (!check.ok) return { kind: 'refused', refusal: check.refusal };
    const caller = callerOfId(check.id, ids);
    return caller === undefined
      ? refused('spiffe_id_refused', 'the path of the SPIFFE ID fits none that is configured')
      : { kind: 'caller', caller };
  };
  return {
    name,
    async judge(credentials) {
      const svid = tokenOf(credentials);
      if (svid !== undefined && bundles.current().has(parseSpiffeId(svid.subject)?.trustDomain ?? '')) {
        const { token, subject } = svid;
        const clockSkewSeconds = options.clockSkewSeconds ?? CLOCK_SKEW_SECONDS;
        return judged(
          await checkJwtSvid(token, subject, bundles.current(), {
            audiences,
            clockSkewSeconds,
            nowMs: now(),
          }),
        );
      }
      const { peer } = credentials;
      return peer === undefined || !isSvid(peer) ? UNRECOGNISED : judged(checkPeer(peer));
    },
    peerId(credentials) {
      const { peer } = credentials;
      if (peer === undefined || !isSvid(peer)) return undefined;
      const check = checkPeer(peer);
      return check.ok ? check.id.id : undefined;
    },
    challenge: (refusal) =>
      refusal === undefined ? 'Bearer' : `Bearer error="invalid_token", error_description="${refusal.code}"`,
  };
}

function tokenOf(credentials: Credentials): { readonly token: string; readonly subject: string } | undefined {
  const presented = presentedToken(credentials);
  if (presented.kind !== 'token' || presented.scheme !== 'bearer') return undefined;
  const subject = peekClaims(presented.token)?.['sub'];
  return typeof subject === 'string' && subject.startsWith('spiffe://')
    ? { token: presented.token, subject }
    : undefined;
}

/** Does a certificate say that it is an SVID, rightly or wrongly. */
function isSvid({ leaf }: PeerCertificate): boolean {
  return extensionsOf(leaf).uris.some((uri) => uri.toLowerCase().startsWith('spiffe:'));
}

/** Checks of certificates, kept for a while: one takes half a millisecond. */
export function peerChecker(
  bundles: Pick<BundleSource, 'current'>,
  now: () => number,
): (peer: PeerCertificate) => SvidCheck {
  interface Kept {
    readonly check: SvidCheck;
    readonly bundles: ReadonlyMap<string, TrustBundle>;
    readonly untilMs: number;
  }
  const kept = new WeakMap<PeerCertificate, Kept>();
  return (peer) => {
    const nowMs = now();
    const current = bundles.current();
    const before = kept.get(peer);
    if (before !== undefined && before.bundles === current && nowMs < before.untilMs) return before.check;
    const check = checkX509Svid(peer, current, nowMs);
    const untilMs = Math.min(nowMs + RECHECK_MS, peer.leaf.validToDate.getTime());
    kept.set(peer, { check, bundles: current, untilMs });
    return check;
  };
}
