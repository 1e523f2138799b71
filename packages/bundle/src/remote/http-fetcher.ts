import type { Outbound, OutboundResponse } from '@writ/outbound';
import { OutboundError } from '@writ/outbound';
import { DEFAULT_BUNDLE_LIMITS } from '../bundle.ts';
import { PATCH_FILE } from '../delta/patch.ts';
import { DETACHED_SIZE_BYTES_MAX, DETACHED_SUFFIXES } from '../signing/detached-signature.ts';
import { archiveHolds } from '../tar.ts';
import { type Fetcher, type FetchOutcome, unavailable } from './fetcher.ts';

/** A bundle at an address, as OPA's bundle service has it. */
export interface HttpFetcherOptions {
  readonly url: string;
  /** What the requests go through; its limits bound size, time and where they may lead. */
  readonly outbound: Outbound;
  /** Called for each request, so that a token that is renewed on disk is read anew. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Asks the server to answer only when something changed, for at most so long (`Prefer: wait=N`). */
  readonly longPollSeconds?: number;
  /** Also asks for `URL.sigstore.json` and `URL.sig`. */
  readonly detached: boolean;
}

/** What a server answers with that can wait. Source: OPA's bundle protocol. */
const LONG_POLL_TYPE = 'application/vnd.openpolicyagent.bundles';

/**
 * Fetches by HTTP: `If-None-Match` with the last ETag, 304 where nothing changed, a delta where the server has one, long
 * polling where the server confirms that it can. Source: OPA, "Bundle Service API". A body that is cut short fails by its length, or later by
 * the archive's own end.
 */
export function createHttpFetcher(options: HttpFetcherOptions): Fetcher {
  const place = withoutSecrets(options.url);
  let confirmed = false;
  return {
    place,
    get waits() {
      return confirmed;
    },
    async fetch(since, signal, takesDelta = false) {
      // Signatures beside an archive stand at its own address, where there is but one for snapshot and deltas.
      const modes = takesDelta && since !== undefined && !options.detached ? 'snapshot,delta' : 'snapshot';
      try {
        const response = await ask(options, since, confirmed, modes, signal);
        confirmed =
          options.longPollSeconds !== undefined &&
          (response.headers['content-type']?.startsWith(LONG_POLL_TYPE) ?? confirmed);
        const outcome = await outcomeOf(options, place, response, signal);
        return modes === 'snapshot' ? outcome : await asDelta(outcome);
      } catch (error) {
        return unavailable(`${place} cannot be fetched: ${why(error)}`);
      }
    },
    close: () => options.outbound.close(),
  };
}

function ask(
  options: HttpFetcherOptions,
  since: string | undefined,
  waits: boolean,
  modes: string,
  signal: AbortSignal,
): Promise<OutboundResponse> {
  const wait = waits && options.longPollSeconds !== undefined ? `;wait=${options.longPollSeconds}` : '';
  return options.outbound.fetch(options.url, {
    signal,
    headers: {
      ...options.headers?.(),
      ...(since === undefined ? {} : { 'if-none-match': since }),
      prefer: `modes=${modes}${wait}`,
    },
  });
}

/** A server says nothing of what it sends: what holds a patch is a delta. */
async function asDelta(outcome: FetchOutcome): Promise<FetchOutcome> {
  if (outcome.kind !== 'fetched') return outcome;
  const { archive, detached, tag } = outcome.fetched;
  const isDelta = await archiveHolds(archive, PATCH_FILE, DEFAULT_BUNDLE_LIMITS);
  return isDelta ? { kind: 'delta', delta: { archive, detached }, tag } : outcome;
}

async function outcomeOf(
  options: HttpFetcherOptions,
  place: string,
  response: OutboundResponse,
  signal: AbortSignal,
): Promise<FetchOutcome> {
  if (response.status === 304) return { kind: 'unchanged' };
  if (response.status !== 200)
    return unavailable(`${place} answered ${response.status}`, HELP[response.status]);
  const length = response.headers['content-length'];
  if (length !== undefined && Number(length) !== response.body.length)
    return unavailable(`${place} sent ${response.body.length} of ${length} bytes`);
  const detached = options.detached ? await fetchDetached(options, signal) : [];
  const etag = response.headers['etag'];
  return {
    kind: 'fetched',
    fetched: { archive: response.body, detached, tag: etag === undefined || etag === '' ? '' : etag },
  };
}

const HELP: Readonly<Record<number, string>> = {
  401: 'the credential is missing or no longer valid',
  403: 'the credential does not suffice',
  404: 'there is no bundle at this address',
};

async function fetchDetached(options: HttpFetcherOptions, signal: AbortSignal): Promise<string[]> {
  const found = await Promise.all(
    DETACHED_SUFFIXES.map(async (suffix) => {
      const url = new URL(options.url);
      url.pathname += suffix;
      const headers = options.headers?.() ?? {};
      const response = await options.outbound.fetch(url, { signal, headers });
      const fits = response.status === 200 && response.body.length <= DETACHED_SIZE_BYTES_MAX;
      return fits ? [new TextDecoder().decode(response.body)] : [];
    }),
  );
  return found.flat();
}

/** An address for people: no query, which is where signed addresses carry their secret. */
export function withoutSecrets(url: string): string {
  try {
    const { origin, pathname } = new URL(url);
    return `${origin}${pathname}`;
  } catch {
    return 'the address';
  }
}

export function why(error: unknown): string {
  return error instanceof OutboundError ? error.publicMessage : 'the request failed';
}
