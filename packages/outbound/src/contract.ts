/** Gives the addresses of a name; the system's resolver unless told otherwise. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** Certificates and keys of a connection, each as PEM. */
export interface TlsMaterial {
  /** Authorities that are trusted instead of the system's. */
  readonly ca?: string;
  /** The client's own certificate, with those between it and its authority. */
  readonly cert?: string;
  readonly key?: string;
}

/** What an outbound client may reach. Everything that is not said is refused. */
export interface OutboundOptions {
  /** `example.org`, `*.example.org`, `example.org:8443`; without it any host with an allowed address. */
  readonly allowHosts?: readonly string[];
  /** Addresses of private networks (RFC 1918, RFC 6598, RFC 4193). Default false. */
  readonly allowPrivate?: boolean;
  /** This machine. Default false, and not part of `allowPrivate`. */
  readonly allowLoopback?: boolean;
  /** Longest time from the call to the last byte, redirects included, ms. Default 10,000. */
  readonly timeoutMs?: number;
  /** Largest body of an answer, bytes as they come (nothing is decompressed). Default 10 MiB. */
  readonly responseBytesMax?: number;
  /** Redirects followed at most. Default 3. */
  readonly redirectsMax?: number;
  /** Every request goes to this Unix socket (or named pipe); hosts in URLs are names only. No redirect leaves it. */
  readonly socketPath?: string;
  /** Certificates (PEM) that are trusted instead of the system's. */
  readonly ca?: string;
  /**
   * What a TLS connection to this host (a URL's hostname) is made with, in place of `ca`. Asked for each new connection,
   * so that what is renewed on disk counts; a certificate of one's own is for the host that it is meant for. If it
   * throws, there is no connection.
   */
  readonly tls?: (host: string) => TlsMaterial;
  /** Gives the addresses of a name. Default: the system's resolver. */
  readonly resolve?: Resolve;
}

export interface OutboundInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

/** An answer, wholly read. Any status is an answer. */
export interface OutboundResponse {
  readonly status: number;
  /** Names in lower case; values of a repeated header joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the answer came from, after redirects. */
  readonly url: string;
  readonly body: Uint8Array;
}

export interface Outbound {
  /** Rejects with `OutboundError`. Environment variables that name a proxy have no effect. */
  fetch(url: string | URL, init?: OutboundInit): Promise<OutboundResponse>;
  /** Ends idle connections and those under way. */
  close(): Promise<void>;
}

/** One request on its way: what `fetch` was asked, or what a redirect made of it. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}
