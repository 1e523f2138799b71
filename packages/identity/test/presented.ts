import type { Credentials } from '../src/index.ts';

/** Credentials as a request with these headers would carry them. */
export function presented(
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  more: Partial<Credentials> = {},
): Credentials {
  return {
    header: (name) => [headers[name] ?? []].flat(),
    method: 'POST',
    ...more,
  };
}
