import { bytesOfText, textOfBytes } from './bytes.ts';
import { parseIp } from './ip-address.ts';

/** A URL reference the way Go's `net/url` splits one; parts are decoded where Go decodes them. */
export interface GoUrl {
  readonly scheme: string;
  /** Host and port as written, percent signs decoded. */
  readonly host: string;
  readonly path: string;
  /** The path as written, where that is not its default encoding; else empty. */
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly fragment: string;
}

/** Why a text is no URL, in Go's words. */
export interface UrlFault {
  readonly problem: string;
}

/** The part of a URL that a text stands in: what may stand there unescaped differs (RFC 3986). */
type Part = 'path' | 'host' | 'zone' | 'user' | 'fragment';

const PLAIN: Record<Part, RegExp> = {
  path: /[A-Za-z0-9\-_.~$&+,/:;=@]/,
  host: /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/,
  zone: /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/,
  user: /[A-Za-z0-9\-_.~$&+,;=]/,
  fragment: /[A-Za-z0-9\-_.~$&+,/:;=?@!()*]/,
};

/** Whether the text is a fault and not a result. */
export function isUrlFault(value: unknown): value is UrlFault {
  return typeof value === 'object' && value !== null && 'problem' in value;
}

function faulty(problem: string): UrlFault {
  return { problem };
}

// Inside this file a text holds one byte per unit, as Go's strings do.
function bytewise(text: string): string {
  return Array.from(bytesOfText(text), (byte) => String.fromCharCode(byte)).join('');
}

function fromBytewise(text: string): string {
  return textOfBytes(Uint8Array.from(text, (unit) => unit.charCodeAt(0)));
}

function encodePart(text: string, part: Part): string {
  const plain = PLAIN[part];
  let escaped = '';
  for (const unit of text) {
    escaped += plain.test(unit) ? unit : `%${unit.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

function escapeFault(text: string): UrlFault {
  return faulty(`invalid URL escape ${JSON.stringify(fromBytewise(text))}`);
}

/** A percent sign in a host stands only for a byte beyond ASCII, or for itself before a zone (RFC 6874). */
function isEscapeAllowed(code: number, triple: string, part: Part): boolean {
  if (part === 'host') return code >= 0x80 || triple === '%25';
  if (part !== 'zone') return true;
  return triple === '%25' || code === 0x20 || PLAIN.host.test(String.fromCharCode(code));
}

function decodePart(text: string, part: Part): string | UrlFault {
  let decoded = '';
  for (let index = 0; index < text.length; index++) {
    const unit = text[index]!;
    if (unit === '%') {
      const triple = text.slice(index, index + 3);
      if (!/^%[0-9a-fA-F]{2}$/.test(triple)) return escapeFault(triple);
      const code = Number.parseInt(triple.slice(1), 16);
      if (!isEscapeAllowed(code, triple, part)) return escapeFault(triple);
      decoded += String.fromCharCode(code);
      index += 2;
      continue;
    }
    if ((part === 'host' || part === 'zone') && unit < '\u0080' && !PLAIN[part].test(unit)) {
      return faulty(`invalid character ${JSON.stringify(fromBytewise(unit))} in host name`);
    }
    decoded += unit;
  }
  return decoded;
}

function cut(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** Scheme and what follows its colon; no scheme where the text begins otherwise. */
function splitScheme(text: string): readonly [string, string] | UrlFault {
  if (text.startsWith(':')) return faulty('missing protocol scheme');
  const found = /^([A-Za-z][A-Za-z0-9+\-.]*):/.exec(text);
  return found === null ? ['', text] : [found[1]!.toLowerCase(), text.slice(found[0].length)];
}

function isPort(text: string): boolean {
  return /^(?::[0-9]*)?$/.test(text);
}

function portFault(text: string): UrlFault {
  return faulty(`invalid port ${JSON.stringify(fromBytewise(text))} after host`);
}

function bracketedHost(host: string): string | UrlFault {
  const close = host.lastIndexOf(']');
  if (close < 0) return faulty("missing ']' in host");
  const port = host.slice(close + 1);
  if (!isPort(port)) return portFault(port);
  const inner = host.slice(1, close);
  const zoneAt = inner.indexOf('%25');
  const address = decodePart(zoneAt < 0 ? inner : inner.slice(0, zoneAt), 'host');
  if (isUrlFault(address)) return address;
  const zone = zoneAt < 0 ? '' : decodePart(inner.slice(zoneAt), 'zone');
  if (isUrlFault(zone)) return zone;
  const [bare, zoneName] = cut(address + zone, '%');
  if (parseIp(bare) === undefined || ((address + zone).includes('%') && zoneName === '')) {
    return faulty(
      `invalid host: ParseAddr(${JSON.stringify(fromBytewise(address + zone))}): unable to parse IP`,
    );
  }
  return bare.includes(':') ? `[${address}${zone}]${port}` : faulty('invalid IP-literal');
}

function parseHost(scheme: string, host: string): string | UrlFault {
  const open = host.lastIndexOf('[');
  if (open > 0) return faulty('invalid IP-literal');
  if (open === 0) return bracketedHost(host);
  // Of several colons only schemes other than HTTP's allow the ones before the last.
  const isHttp = scheme === 'http' || scheme === 'https';
  const colon = isHttp ? host.indexOf(':') : host.lastIndexOf(':');
  if (colon >= 0 && !isPort(host.slice(colon))) return portFault(host.slice(colon));
  return decodePart(host, 'host');
}

function parseAuthority(scheme: string, authority: string): string | UrlFault {
  const at = authority.lastIndexOf('@');
  const host = parseHost(scheme, authority.slice(at + 1));
  if (isUrlFault(host) || at < 0) return host;
  const user = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) return faulty('net/url: invalid userinfo');
  const decoded = decodePart(user, 'user');
  return isUrlFault(decoded) ? decoded : host;
}

interface Pieces {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly rawQuery: string;
}

function split(text: string): Pieces | UrlFault {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) return faulty('net/url: invalid control character in URL');
  if (text === '*') return { scheme: '', host: '', path: '*', rawQuery: '' };
  const parted = splitScheme(text);
  if (isUrlFault(parted)) return parted;
  const [scheme, afterScheme] = parted;
  const [rest, rawQuery] = cut(afterScheme, '?');
  if (!rest.startsWith('/')) {
    // An opaque reference such as `mailto:a@b` has neither host nor path.
    if (scheme !== '') return { scheme, host: '', path: '', rawQuery };
    if (cut(rest, '/')[0].includes(':')) return faulty('first path segment in URL cannot contain colon');
  }
  const hasAuthority = rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'));
  if (!hasAuthority) return { scheme, host: '', path: rest, rawQuery };
  const slash = rest.indexOf('/', 2);
  const host = parseAuthority(scheme, slash < 0 ? rest.slice(2) : rest.slice(2, slash));
  if (isUrlFault(host)) return host;
  return { scheme, host, path: slash < 0 ? '' : rest.slice(slash), rawQuery };
}

/** Reads a URL reference as Go's `url.Parse` does. Source: Go's `net/url`, RFC 3986, RFC 6874. */
export function parseGoUrl(text: string): GoUrl | UrlFault {
  const whole = bytewise(text);
  const [before, encodedFragment] = cut(whole, '#');
  const wrapped = (part: string, { problem }: UrlFault): UrlFault =>
    faulty(`parse ${JSON.stringify(fromBytewise(part))}: ${problem}`);
  const pieces = split(before);
  if (isUrlFault(pieces)) return wrapped(before, pieces);
  const path = decodePart(pieces.path, 'path');
  if (isUrlFault(path)) return wrapped(before, path);
  const fragment = decodePart(encodedFragment, 'fragment');
  if (isUrlFault(fragment)) return wrapped(whole, fragment);
  const rawPath = encodePart(path, 'path') === pieces.path ? '' : pieces.path;
  return {
    scheme: fromBytewise(pieces.scheme),
    host: fromBytewise(pieces.host),
    path: fromBytewise(path),
    rawPath: fromBytewise(rawPath),
    rawQuery: fromBytewise(pieces.rawQuery),
    fragment: fromBytewise(fragment),
  };
}

/** Host and port, apart; brackets of IPv6 are left out. */
export function splitHostPort(host: string): { readonly hostname: string; readonly port: string } {
  const colon = host.lastIndexOf(':');
  const hasPort = colon >= 0 && isPort(host.slice(colon));
  const name = hasPort ? host.slice(0, colon) : host;
  const port = hasPort ? host.slice(colon + 1) : '';
  return { hostname: name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name, port };
}

const ENCODED_PATH = /^(?:[A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%])*$/;

/** The path as it is sent. */
export function escapedPath(url: GoUrl): string {
  if (url.rawPath !== '' && ENCODED_PATH.test(url.rawPath)) return url.rawPath;
  return url.path === '*' ? '*' : encodePart(bytewise(url.path), 'path');
}
