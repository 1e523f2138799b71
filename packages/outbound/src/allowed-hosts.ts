/**
 * Whether `host` (a URL's hostname, lower case) and `port` stand on a list of `example.org`, `*.example.org` (any
 * name below, not itself) and `example.org:8443` (that port alone; without one the scheme's usual port).
 */
export function hostAllowed(
  allowed: readonly string[],
  host: string,
  port: string,
  usualPort: string,
): boolean {
  return allowed.some((entry) => {
    const [, name = '', entryPort = usualPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (entryPort !== port) return false;
    return name.startsWith('*.') ? host.endsWith(name.slice(1)) && host.length >= name.length : host === name;
  });
}
