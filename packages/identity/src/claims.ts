import { arrayIndex, type Json, type JsonObject, parsePointer } from '@writ/decision';

/** Which claims of a verified token say who is asking. */
export interface ClaimMapping {
  /** Template of `principal.id`: text with claims in braces, `user:{sub}`. Default `{sub}`. */
  readonly principal?: string;
  /** Template of `actor.id` where the token has no `act`. Default `{client_id}`, else `{azp}`, else `{sub}`. */
  readonly actor?: string;
  /** Claim that holds the tenant; a name, or a JSON Pointer. A token without it is refused. */
  readonly tenant?: string;
  /** Claim with a list of groups, or one. */
  readonly groups?: string;
  readonly actor_class?: string;
  readonly actor_scope?: string;
  readonly owner_team?: string;
  readonly data_classifications_authorized?: string;
  /** Claims that policies see in `principal.attributes`, by the name they get there. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A claim by its name, or by JSON Pointer (RFC 6901) where it begins with `/`. */
export function claimAt(claims: JsonObject, name: string): Json | undefined {
  const steps = name.startsWith('/') ? parsePointer(name) : [name];
  return steps?.reduce<Json | undefined>(memberOf, claims);
}

function memberOf(value: Json | undefined, step: string): Json | undefined {
  if (Array.isArray(value)) {
    const index = arrayIndex(step, value.length);
    return index === undefined ? undefined : (value as readonly Json[])[index];
  }
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, step) ? (value as JsonObject)[step] : undefined;
}

/** A claim that is a text; what is empty or no text is not there. */
export function textClaim(claims: JsonObject, name: string | undefined): string | undefined {
  const value = name === undefined ? undefined : claimAt(claims, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A claim that is a list of texts, or one text; undefined where it is neither. */
export function textsClaim(claims: JsonObject, name: string | undefined): readonly string[] | undefined {
  const value = name === undefined ? undefined : claimAt(claims, name);
  if (typeof value === 'string' && value !== '') return [value];
  if (!Array.isArray(value)) return undefined;
  const texts = (value as readonly Json[]).filter((each) => typeof each === 'string');
  return texts.length === value.length ? texts : undefined;
}

const PLACE = /\{([^{}]+)\}/g;

/** A template with claims filled in; undefined where one of them is no text. */
export function renderTemplate(template: string, claims: JsonObject): string | undefined {
  let missing = false;
  const text = template.replace(PLACE, (_, name: string) => {
    const value = textClaim(claims, name);
    if (value === undefined) missing = true;
    return value ?? '';
  });
  return missing ? undefined : text;
}
