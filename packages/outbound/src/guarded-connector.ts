import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { type AddressKind, addressKind } from './address.ts';
import type { Resolve, TlsMaterial } from './contract.ts';
import { OutboundError } from './outbound-error.ts';

export interface ConnectorSettings {
  readonly allowedKinds: ReadonlySet<AddressKind>;
  readonly resolve: Resolve;
  readonly timeoutMs: number;
  readonly ca: string | undefined;
  readonly tls: ((host: string) => TlsMaterial) | undefined;
}

/**
 * Connects to the very address that was checked: the name is resolved once, inside the connection, so that no second
 * answer of the resolver can lead elsewhere. One refused address among several refuses the name.
 */
export function guardedConnector(settings: ConnectorSettings): buildConnector.connector {
  const connectorFor = rememberConnectors(settings);
  return (options, callback) => {
    const literal = options.hostname.replace(/^\[|\]$/g, '');
    // Node resolves no literal address, so the lookup would never see it.
    const refusal = isIP(literal) === 0 ? undefined : refusalOf(literal, settings.allowedKinds);
    if (refusal !== undefined) return callback(refusal, null);
    let connect: buildConnector.connector;
    try {
      connect = connectorFor(literal);
    } catch (cause) {
      const message = 'the certificates of the connection cannot be read';
      return callback(new OutboundError('outbound_connection_failed', message, { cause }), null);
    }
    connect(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      const late = refusalOf(socket.remoteAddress ?? '', settings.allowedKinds);
      if (late === undefined) return callback(null, socket);
      socket.destroy();
      callback(late, null);
    });
  };
}

/** One connector as long as its certificates stay the same: with others, no session of before is resumed. */
function rememberConnectors(settings: ConnectorSettings): (host: string) => buildConnector.connector {
  const build = (material: TlsMaterial): buildConnector.connector =>
    buildConnector({ timeout: settings.timeoutMs, lookup: checkedLookup(settings), ...material });
  const { tls, ca } = settings;
  if (tls === undefined) {
    const only = build(ca === undefined ? {} : { ca });
    return () => only;
  }
  const known = new Map<
    string,
    { readonly material: TlsMaterial; readonly connector: buildConnector.connector }
  >();
  return (host) => {
    const material = tls(host);
    const before = known.get(host);
    if (before !== undefined && isSame(before.material, material)) return before.connector;
    const connector = build(material);
    known.set(host, { material, connector });
    return connector;
  };
}

function isSame(left: TlsMaterial, right: TlsMaterial): boolean {
  return left.ca === right.ca && left.cert === right.cert && left.key === right.key;
}

/** The system's resolver, all addresses in its order. */
export async function resolveBySystem(hostname: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true, verbatim: true }, (error, addresses) => {
      if (error === null) resolve(addresses.map(({ address }) => address));
      else reject(error);
    });
  });
}

function checkedLookup({ allowedKinds, resolve }: ConnectorSettings): LookupFunction {
  return (hostname, options, callback) => {
    void addressesOf(hostname, resolve, allowedKinds).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all === true) callback(null, [...addresses]);
        else callback(null, first?.address ?? '', first?.family);
      },
      (error) => callback(error, ''),
    );
  };
}

async function addressesOf(
  hostname: string,
  resolve: Resolve,
  allowedKinds: ReadonlySet<AddressKind>,
): Promise<readonly { readonly address: string; readonly family: number }[]> {
  let addresses: readonly string[];
  try {
    addresses = await resolve(hostname);
  } catch (cause) {
    throw new OutboundError('outbound_name_not_found', `\`${hostname}\` was not resolved`, { cause });
  }
  if (addresses.length === 0)
    throw new OutboundError('outbound_name_not_found', `\`${hostname}\` has no address`);
  for (const address of addresses) {
    const refusal = refusalOf(address, allowedKinds);
    if (refusal !== undefined) throw refusal;
  }
  return addresses.map((address) => ({ address, family: isIP(address) }));
}

function refusalOf(address: string, allowedKinds: ReadonlySet<AddressKind>): OutboundError | undefined {
  const kind = addressKind(address);
  if (allowedKinds.has(kind)) return undefined;
  return new OutboundError('outbound_address_refused', `\`${address}\` is a ${kind} address`);
}
