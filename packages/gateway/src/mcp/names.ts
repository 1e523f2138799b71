/**
 * Tool names behind one endpoint. With one upstream they pass unchanged; with several they are `server__tool`.
 * Server ids hold no `__` and end without `_`, which makes the mapping injective: the first `__` always separates.
 */
const SERVER_ID = /^[a-z0-9](?:[a-z0-9-]|_(?!_))*$/;

/** True for an id that `qualify` can prefix without ambiguity. */
export function isServerId(id: string): boolean {
  return SERVER_ID.test(id) && !id.endsWith('_') && id.length <= 32;
}

/** The name that clients see. */
export function qualify(server: string, tool: string, single: boolean): string {
  return single ? tool : `${server}__${tool}`;
}
