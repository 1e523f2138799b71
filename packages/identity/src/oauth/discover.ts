import type { Json, JsonObject } from '@writ/decision';
import type { Outbound } from '@writ/outbound';
import type { JSONWebKeySet } from 'jose';

/** Gets a JSON object; rejects for any other answer. */
export async function fetchJson(outbound: Outbound, url: string): Promise<JsonObject> {
  const response = await outbound.fetch(url, { headers: { accept: 'application/json' } });
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}`);
  const value = JSON.parse(Buffer.from(response.body).toString('utf8')) as Json;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${url} gives no object`);
  return value as JsonObject;
}

/**
 * Where an issuer publishes its keys: OpenID Connect Discovery 1.0, else RFC 8414, which puts the well-known part before
 * the path. The document must name the very issuer that was asked: another one's answer speaks for nobody here.
 */
export async function discoverKeysUrl(outbound: Outbound, issuer: string): Promise<string> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname === '/' ? '' : pathname.replace(/\/$/, '');
  const places = [
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
  let failure: unknown;
  for (const place of places) {
    try {
      return keysUrlOf(await fetchJson(outbound, place), issuer);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

function keysUrlOf(document: JsonObject, issuer: string): string {
  const { issuer: named, jwks_uri: url } = document;
  if (named !== issuer) throw new Error(`the metadata of ${issuer} names another issuer`);
  if (typeof url !== 'string' || !URL.canParse(url))
    throw new Error(`the metadata of ${issuer} names no jwks_uri`);
  // Keys that come over plain HTTP are anybody's, unless the issuer itself is asked so (on this machine).
  if (issuer.startsWith('https:') && !url.startsWith('https:'))
    throw new Error(`the keys of ${issuer} are not published over https`);
  return url;
}

/** The keys at a URL. */
export async function fetchKeys(outbound: Outbound, url: string): Promise<JSONWebKeySet> {
  const { keys } = await fetchJson(outbound, url);
  if (!Array.isArray(keys)) throw new Error(`${url} holds no keys`);
  return { keys } as unknown as JSONWebKeySet;
}
