import { matchesName } from '../when.ts';
import type { Capability } from './registry-model.ts';

/** A request as a URL and a method; undefined for what leaves open where it goes. */
export interface HttpTarget {
  readonly url: URL;
  /** Upper case. */
  readonly method: string;
}

/** Slashes, backslashes and zero bytes in escapes: servers differ in what they make of them. */
const AMBIGUOUS = /%2f|%5c|%00|\\/i;

/** Reads a URL as a client will request it, or says in one sentence why it is refused. */
export function readTarget(url: string, method: string): HttpTarget | string {
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:'))
    return 'must be an absolute URL of http or https';
  if (parsed.username !== '' || parsed.password !== '') return 'may not hold a user name or a password';
  if (AMBIGUOUS.test(url.split(/[?#]/, 1)[0] as string))
    return 'may not hold `\\`, `%2F`, `%5C` or `%00` in its path: servers differ in what they make of them';
  return { url: parsed, method: method.toUpperCase() };
}

/** Is a request one of this capability's: below its endpoint, by one of its methods, on one of its paths. */
export function coversRequest(capability: Capability, { url, method }: HttpTarget): boolean {
  const endpoint = endpointOf(capability);
  if (endpoint === undefined || endpoint.origin !== url.origin) return false;
  const rest = pathBelow(endpoint.path, url.pathname);
  if (rest === undefined) return false;
  const { methods, paths } = capability;
  return (
    (methods === undefined || methods.includes(method)) &&
    (paths === undefined || paths.some((pattern) => matchesName(pattern, rest)))
  );
}

/** May one request be of both. */
export function endpointsMeet(left: Capability, right: Capability): boolean {
  const [one, other] = [endpointOf(left), endpointOf(right)];
  if (one === undefined || other === undefined || one.origin !== other.origin) return false;
  const methodsMeet =
    left.methods === undefined ||
    right.methods === undefined ||
    left.methods.some((method) => right.methods?.includes(method));
  if (!methodsMeet) return false;
  return patternsOf(one.path, left).some((mine) =>
    patternsOf(other.path, right).some((theirs) => patternsMeet(mine, theirs)),
  );
}

function patternsOf(base: string, { paths }: Capability): readonly string[] {
  return paths === undefined ? [base, `${base}/*`] : paths.map((path) => `${base}${path}`);
}

/** Do two names that may end in `*` share one that both match. */
export function patternsMeet(left: string, right: string): boolean {
  if (!left.endsWith('*')) return matchesName(right, left);
  if (!right.endsWith('*')) return matchesName(left, right);
  const [one, other] = [left.slice(0, -1), right.slice(0, -1)];
  return one.startsWith(other) || other.startsWith(one);
}

function endpointOf({
  endpoint,
}: Capability): { readonly origin: string; readonly path: string } | undefined {
  const url = endpoint === undefined ? null : URL.parse(endpoint);
  return url === null ? undefined : { origin: url.origin, path: url.pathname.replace(/\/+$/, '') };
}

function pathBelow(base: string, path: string): string | undefined {
  if (!path.startsWith(base)) return undefined;
  const rest = path.slice(base.length);
  return rest === '' || rest.startsWith('/') ? rest || '/' : undefined;
}
