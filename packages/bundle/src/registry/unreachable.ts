import { patternsMeet } from './http-endpoint.ts';
import type { WrittenCapability } from './registry-schema.ts';

/** What can never count, as `check-capability.ts` reports it. */
interface Unreachable {
  readonly message: string;
  readonly pointer: string;
  readonly help: string;
}

/** Patterns of one capability that nothing comes to: another one before takes it all, or no call can be like this. */
export function unreachablePatterns(written: WrittenCapability): Unreachable[] {
  const { adapter, authorization, endpoint, programs, methods = [], paths = [], servers = [] } = written;
  return [
    ...superfluous(programs?.allow ?? [], '/programs/allow', coversProgram),
    ...superfluous(paths, '/paths', covers),
    ...superfluous(
      methods.map((method) => method.toUpperCase()),
      '/methods',
      (one, other) => one === other,
    ),
    ...superfluous(servers, '/servers', (one, other) => one === other),
    ...(adapter === 'http' ? outsideEndpoint(endpoint, authorization?.resource) : []),
  ];
}

function superfluous(
  patterns: readonly string[],
  pointer: string,
  coversOther: (one: string, other: string) => boolean,
): Unreachable[] {
  return patterns.flatMap((pattern, index) => {
    const wider = patterns.find(
      (other, place) =>
        place !== index && coversOther(other, pattern) && (place < index || !coversOther(pattern, other)),
    );
    if (wider === undefined) return [];
    const message = `\`${pattern}\` changes nothing: \`${wider}\` means all of it${wider === pattern ? ' before' : ''}`;
    return [{ message, pointer: `${pointer}/${index}`, help: 'take one of them out' }];
  });
}

/** Does every name of the second pattern fit the first. */
function covers(one: string, other: string): boolean {
  return one.endsWith('*') ? other.startsWith(one.slice(0, -1)) : one === other;
}

/** `git` takes what `git log` takes. */
function coversProgram(one: string, other: string): boolean {
  const [wide, narrow] = [one.split(' '), other.split(' ')];
  return wide.length <= narrow.length && wide.every((word, index) => covers(word, narrow[index] as string));
}

/** A request is named `http/HOST/PATH`, or by its tool: a pattern about another host refuses every one. */
function outsideEndpoint(endpoint: string | undefined, resource: string | undefined): Unreachable[] {
  const url = endpoint === undefined ? null : URL.parse(endpoint);
  if (url === null || resource === undefined) return [];
  const base = `http/${url.host}${url.pathname}`.replace(/\/+$/, '');
  // Without a dot it may be the name of a tool.
  const mayBeTool = patternsMeet(resource, 'http/*') && !resource.slice('http/'.length).includes('.');
  if (mayBeTool || patternsMeet(resource, `${base}*`)) return [];
  const message = `nothing comes to it: requests below \`${endpoint}\` are \`${base}*\`, not \`${resource}\``;
  return [{ message, pointer: '/authorization/resource', help: `such as \`${base}/*\`` }];
}
