/**
 * Names behind one endpoint. With one upstream they pass unchanged; with several, tools and prompts are `server__name`
 * and resources `writ:server:uri`. Server ids hold no `__`, no `:` and end without `_`, which makes both mappings
 * injective: the first separator always separates.
 */
const SERVER_ID = /^[a-z0-9](?:[a-z0-9-]|_(?!_))*$/;

/** True for an id that `qualify` can prefix without ambiguity. */
export function isServerId(id: string): boolean {
  return SERVER_ID.test(id) && !id.endsWith('_') && id.length <= 32;
}

/** The name that clients see. */
export function qualify(server: string, name: string, single: boolean): string {
  return single ? name : `${server}__${name}`;
}

/**
 * The URI, or URI template, that clients see. The prefix is literal text, so that what a client makes of a prefixed
 * template is the prefixed form of what it would have made of the template.
 */
export function qualifyUri(server: string, uri: string, single: boolean): string {
  return single ? uri : `writ:${server}:${uri}`;
}

/** What is left of a name behind a server's prefix; undefined where it is another server's, or nobody's. */
export function unqualify(
  mapping: typeof qualify | typeof qualifyUri,
  server: string,
  name: string,
  single: boolean,
): string | undefined {
  const prefix = mapping(server, '', single);
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}
